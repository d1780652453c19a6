// Copies the text before a button. Without a script the buttons stay hidden, and the text can be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = button.firstChild;
    await navigator.clipboard.writeText(button.closest("li").querySelector("[data-copied]").textContent);
    said.data = "Copied ";
    setTimeout(() => { said.data = "Copy "; }, 2000);
  });
}
