// What stands behind the # of an address never reaches a server: `/claim#<device id>-<claim secret>` fills the form from a
// sticker's QR code, `/my/password#<token>` from a one-time link. It is taken out of the address at once.
const KEPT = "trivet_sticker";
const field = (id) => document.getElementById(id);
const hash = location.hash.slice(1);
if (hash) history.replaceState(null, "", location.pathname + location.search);

if (field("secret")) {
  const sticker = /^[0-9a-f]{16}-/i.test(hash) ? hash : sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (sticker && !field("device").value) {
    field("device").value = sticker.slice(0, 16).toLowerCase();
    field("secret").value = decodeURIComponent(sticker.slice(17));
    field("name")?.focus();
  }
}
if (field("token") && hash) field("token").value = hash;

document.querySelector("[data-keep]")?.addEventListener("click", () => {
  if (field("device").value) sessionStorage.setItem(KEPT, `${field("device").value}-${field("secret").value}`);
});
