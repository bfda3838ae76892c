// What is wrong with a page as it is shown now, one line a fault: `wide`, `heading`, `language`, `label`, `target`, `text`,
// `contrast`, `scroll`, `cut`.
// Called with the language that the page should be in; the window's width and the colour scheme are as they are.
(language) => {
  const faults = new Set();
  const page = document.scrollingElement;
  const words = element => (element.innerText || element.value || element.getAttribute("aria-label") || "").trim().replace(/\s+/g, " ").slice(0, 30);
  const named = element => {
    const of = typeof element.className === "string" && element.className.trim() ? "." + element.className.trim().split(/\s+/).join(".") : "";
    return `${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""}${of} “${words(element)}”`;
  };
  const add = (kind, element, more) => faults.add(`${kind}: ${named(element)}${more ? " " + more : ""}`);
  const isForReaders = head => head && getComputedStyle(head).clipPath !== "none"; // rows that became cards say their headings themselves
  const isShown = element => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0 && !element.closest(".unseen, .skip") && !isForReaders(element.closest("thead"));
  const style = element => getComputedStyle(element);
  const clips = element => style(element).overflowX !== "visible";

  // The page does not scroll sideways; what does is a box that the keyboard reaches and that says what it is.
  if (page.scrollWidth > innerWidth) {
    faults.add(`wide: the page is ${page.scrollWidth} wide in a window of ${innerWidth}`);
    for (const element of document.body.querySelectorAll("*")) {
      let inside = false;
      for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) inside ||= clips(at);
      if (!inside && isShown(element) && element.getBoundingClientRect().right > innerWidth + 1) add("wide", element);
    }
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (!isShown(element)) continue;
    const { overflowX, overflowY, textOverflow, display } = style(element), isWide = element.scrollWidth > element.clientWidth + 1;
    const isCut = isWide && display !== "inline" && textOverflow !== "ellipsis" && element.matches("dd, td, th, p, h1, h2, h3, li, summary, .button, .figures");
    if (isCut && ["visible", "hidden"].includes(overflowX)) add("cut", element, `${element.scrollWidth} in ${element.clientWidth}`);
    const isLong = overflowY !== "visible" && overflowY !== "hidden" && element.scrollHeight > element.clientHeight + 1;
    if (!(["auto", "scroll"].includes(overflowX) && isWide) && !isLong) continue;
    if (element === page || element === document.body || element.matches("textarea, select")) continue;
    const says = element.getAttribute("aria-label") || element.getAttribute("aria-labelledby");
    if (element.tabIndex !== 0 || element.getAttribute("role") !== "region" || !says) add("scroll", element, `${element.scrollWidth} in ${element.clientWidth}`);
  }

  // One heading of the first rank, the language, a label at each field.
  const headings = [...document.querySelectorAll("h1")].filter(element => element.checkVisibility());
  if (headings.length !== 1 || !headings[0].innerText.trim()) faults.add(`heading: ${headings.length} h1 ${headings.map(words).join(" | ")}`);
  if (document.documentElement.lang !== language) faults.add(`language: '${document.documentElement.lang}'`);
  const idCounts = new Map();
  for (const { id } of document.querySelectorAll("[id]")) idCounts.set(id, (idCounts.get(id) || 0) + 1);
  for (const [id, count] of idCounts) if (count > 1) faults.add(`label: ${count} elements are called #${id}`);
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const said = [...(field.labels || [])].map(label => label.textContent.trim()).join("") || field.getAttribute("aria-label") || "";
    if (!said) add("label", field, field.name);
  }
  for (const control of document.querySelectorAll("a[href], button, summary")) {
    if (isShown(control) && !control.textContent.trim() && !control.getAttribute("aria-label")) add("label", control);
  }

  // What is tapped is 24 by 24, but for links that stand in a line of other words.
  const isInline = element => {
    if (style(element).display !== "inline") return false;
    let block = element.parentElement;
    while (style(block).display === "inline") block = block.parentElement;
    if (block.matches("svg *, svg")) return false;
    let others = block.innerText || "";
    for (const target of block.querySelectorAll("a[href], button, summary, .chip, .unseen")) others = others.replace(target.innerText, "");
    return others.replace(/[\s\/·—|、，]/g, "").length > 0;
  };
  for (const element of document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")) {
    if (!isShown(element) || isInline(element)) continue;
    const boxes = [element, ...(element.labels || [])].map(each => each.getBoundingClientRect());
    if (getComputedStyle(element, "::after").position === "absolute") continue; // it fills its card
    const width = Math.max(...boxes.map(box => box.width)), height = Math.max(...boxes.map(box => box.height));
    if (width < 23.99 || height < 23.99) add("target", element, `${width.toFixed(1)} by ${height.toFixed(1)}`);
  }

  // Words are not under 12 pixels, and stand out from their ground 4.5 to 1 (3 to 1 where they are large).
  const parsed = text => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return { red: parts[0], green: parts[1], blue: parts[2], alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const over = (top, under) => {
    const mix = (one, other) => one * top.alpha + other * (1 - top.alpha);
    return { red: mix(top.red, under.red), green: mix(top.green, under.green), blue: mix(top.blue, under.blue), alpha: 1 };
  };
  const luminance = ({ red, green, blue }) => {
    const linear = [red, green, blue].map(part => part / 255).map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const grounds = new Map();
  const ground = element => {
    if (!element) return { red: 255, green: 255, blue: 255, alpha: 1 };
    if (!grounds.has(element)) {
      const own = parsed(style(element).backgroundColor);
      grounds.set(element, own.alpha === 1 ? own : over(own, ground(element.parentElement)));
    }
    return grounds.get(element);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || element.closest("script, style, noscript, option, [aria-hidden=true]") || !isShown(element)) continue;
    const of = style(element), drawing = element.closest("svg");
    let size = parseFloat(of.fontSize);
    if (drawing) size *= element.getScreenCTM ? Math.abs(element.getScreenCTM().a) : 1;
    if (size < 11.99) add("text", element, `${size.toFixed(1)} px`);
    if (drawing) continue; // shapes are the ground there
    const ink = over(parsed(of.color), ground(element)), [low, high] = [luminance(ink), luminance(ground(element))].sort((one, other) => one - other);
    const ratio = (high + 0.05) / (low + 0.05), isLarge = size >= 24 || (size >= 18.66 && Number(of.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) add("contrast", element, `${ratio.toFixed(2)} to 1`);
  }
  return [...faults];
}
