// Put into every page before it loads: where the Tab key stops, in the order of the page.
window.stopsOf = () => {
  const isStop = element => {
    if (element.tabIndex < 0 || element.disabled || element.type === "hidden" || !element.checkVisibility({ visibilityProperty: true })) return false;
    if (element.type !== "radio") return true;
    const group = [...(element.form || document).querySelectorAll(`input[type=radio][name="${element.name}"]`)];
    return element === (group.find(each => each.checked) || group[0]);
  };
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(isStop);
};
