// Gets a page ready to be walked by the Tab key: notes each element that takes the focus, and whether one sees that it has it.
// Gives how often Tab has to be pressed to come past every stop; `window.walked()` then gives what went wrong, one line a fault.
(most) => {
  const words = element => (element.innerText || element.value || element.getAttribute("aria-label") || element.name || "").trim().slice(0, 30);
  const named = element => `${element.tagName.toLowerCase()} “${words(element)}”`;
  const look = element => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, top } = getComputedStyle(element);
    return `${outlineStyle === "none" ? "" : outlineStyle + outlineWidth + outlineColor}/${boxShadow}/${borderColor}/${top}`;
  };
  const shownOn = element => [element, element.closest(".card") || element].map(look).join();
  const stops = stopsOf().slice(0, most);
  const before = new Map(stops.map(each => [each, shownOn(each)])), met = [];
  document.addEventListener("focusin", ({ target }) => {
    if (met.length < stops.length) met.push([target, before.get(target) !== shownOn(target)]);
  });
  window.walked = () => {
    const faults = [];
    if (!stops.length || !stops[0].matches(".skip")) faults.push("first: the first stop is no link to the text");
    stops.forEach((stop, place) => {
      const [element, isSeen] = met[place] || [];
      if (element !== stop && faults.length < 5) faults.push(`order: ${named(stop)} is stop ${place}, and there was ${element ? named(element) : "nothing"}`);
      if (element === stop && !isSeen) faults.push(`focus: one does not see that ${named(stop)} has it`);
    });
    return faults;
  };
  return stops.length + 3 * stops.filter(each => each.type === "date").length; // a date is three fields and a button
}
