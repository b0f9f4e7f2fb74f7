// Sets the chosen colours before the first paint; runs on every page, with or without login.
{
  const stored = document.cookie.match(/(?:^|; )trivet_theme=(light|dark)/);
  if (stored) document.documentElement.dataset.theme = stored[1];
}
