// The desk's keys: each finds what it means in the page, so that a key whose target is not there does nothing.
{
  const typing = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });

  function reach(element) {
    for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    element.scrollIntoView({ block: "center" });
    element.focus();
  }

  // What is folded is not visible, but can be had: whatever hides it must be a fold.
  const within = (element) => {
    const fold = element.closest("details:not([open])");
    return fold ? seen(fold) : seen(element);
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const help = document.getElementById("help");
    if (help?.open) {
      if (event.key === "?") help.close();
      return;
    }
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target)) return;
    const go = event.key === "u" ? document.querySelector("a.back") : document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    const turn = { "]": "next", "[": "back" }[event.key];
    const button = turn && document.querySelector(`[data-page="${turn}"]`);
    const hot = [...document.querySelectorAll(`[data-hot="${CSS.escape(event.key)}"]`)].find(within);
    if (event.key === "?" && help) help.showModal();
    else if (go) go.click();
    else if (button && seen(button)) button.click();
    else if (hot) reach(hot);
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) document.getElementById("help")?.showModal();
    else if (event.target.id === "help") event.target.close();
  });
}
