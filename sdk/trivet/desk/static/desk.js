// What a page does without asking the server: ages that tick, copying, keys, colours, language, the sign of life.
const year = "; path=/; max-age=31536000; samesite=lax";
const root = document.documentElement;
const locale = () => navigator.languages.find((language) => language.startsWith(root.lang)) ?? (root.lang === "en" ? "en-GB" : root.lang);

function age(seconds, language) {
  const units = language === "de" ? { d: "T.", h: "Std.", m: "Min.", now: "jetzt" } : { d: "d", h: "h", m: "min", now: "now" };
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "m"]])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${units[unit]}`;
  return units.now;
}

function tick() {
  for (const element of document.querySelectorAll("[data-age]")) {
    const text = age((Date.now() - Date.parse(element.dateTime)) / 1000, root.lang);
    if (element.textContent !== text) element.textContent = text;
    element.title = new Date(element.dateTime).toLocaleString(locale());
  }
  for (const element of document.querySelectorAll("[data-when]")) {
    const text = new Date(element.dateTime).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of document.querySelectorAll("[data-date]")) {
    const text = new Date(element.dateTime).toLocaleDateString(locale(), { dateStyle: "medium" });
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of document.querySelectorAll("[data-moment]")) {
    const at = new Date(element.dateTime);
    const near = Math.abs(Date.now() - at) < 6 * 86400e3;
    const day = near ? { weekday: "long" } : { day: "numeric", month: "short", year: "numeric" };
    const time = at.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
    const today = at.toDateString() === new Date().toDateString();
    const text = today ? time : `${at.toLocaleDateString(locale(), day)} ${time}`;
    if (element.textContent !== text) element.textContent = text;
    element.title = at.toLocaleString(locale());
  }
  const popup = document.getElementById("popup");
  const live = document.querySelector(".live");
  if (popup && live) {
    const lost = popup.getAttribute("aria-hidden") === "false";
    const text = live.querySelector(".text");
    text.dataset.live ??= text.textContent;
    live.classList.toggle("lost", lost);
    const now = lost ? live.dataset.lost : text.dataset.live;
    if (text.textContent !== now) text.textContent = now;
  }
}
setInterval(tick, 1000);
new MutationObserver(() => requestAnimationFrame(tick)).observe(document, { childList: true, subtree: true });

document.addEventListener("click", async (event) => {
  const target = event.target.closest("button");
  if (!target) return;
  if ("themeToggle" in target.dataset) {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `trivet_theme=${root.dataset.theme}${year}`;
  } else if (target.dataset.language) {
    document.cookie = `trivet_language=${target.dataset.language}${year}`;
    location.reload();
  } else if (target.dataset.copy) {
    await navigator.clipboard?.writeText(target.dataset.copy);
    target.classList.add("copied");
    setTimeout(() => target.classList.remove("copied"), 1200);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector(".search input");
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "/" && search && !typing) {
    event.preventDefault();
    search.focus();
    return;
  }
  const down = event.key === "ArrowDown" || (event.key === "j" && !typing);
  const up = event.key === "ArrowUp" || (event.key === "k" && !typing);
  const lines = [...document.querySelectorAll(".list > a")].filter((line) => line.offsetParent);
  if ((down || up) && lines.length) {
    const at = lines.indexOf(document.activeElement);
    if (at < 0 && !typing && event.key.startsWith("Arrow")) return; // arrows scroll until a line is taken
    event.preventDefault();
    lines[Math.min(Math.max(at + (down ? 1 : -1), 0), lines.length - 1)].focus();
  }
});
