// The Markdown that the book's own code prints: paragraphs, lists, bold, code, links, and mathematics.

const escape = (text) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

// Code and mathematics first: nothing in them is Markdown.
const PARTS = /(`+)(.+?)\1|\$([^$\n]+?)\$/gs;

function inline(text) {
  let made = "", last = 0;
  for (const part of text.matchAll(PARTS)) {
    made += emphasis(text.slice(last, part.index));
    const code = part[1] ? `<code class="docutils literal notranslate"><span class="pre">${escape(part[2].trim())}</span></code>` : "";
    made += code || `<span class="math notranslate nohighlight">\\(${escape(part[3])}\\)</span>`;
    last = part.index + part[0].length;
  }
  return made + emphasis(text.slice(last));
}

function emphasis(text) {
  return escape(text)
    .replace(/\*\*(.+?)\*\*/gs, "<strong>$1</strong>")
    .replace(/(^|[^\w*])\*([^*\s][^*]*?)\*(?![\w*])/gs, "$1<em>$2</em>")
    .replace(/\[([^\]]+)\]\((https?:[^)\s]+|[\w./#-]+)\)/g, '<a href="$2">$1</a>');
}

function equation(block, number) {
  const [, formula, label = ""] = block.match(/^\$\$(.*?)\$\$\s*(?:\(([\w-]+)\))?\s*$/s);
  const shown = label && number(label) ? `<span class="eqno">${escape(number(label))}</span>` : "";
  return `<div class="math notranslate nohighlight">${shown}\\[${escape(formula)}\\]</div>`;
}

function list(block) {
  const items = block.split(/\n(?=[-*] )/).map((item) => `<li>${inline(item.slice(2).replace(/\n\s*/g, " "))}</li>`);
  return `<ul class="simple">${items.join("")}</ul>`;
}

/**
 * Turn Markdown into HTML.
 * @param {string} text
 * @param {(label: string) => string} number - the number of an equation on this page, or ""
 */
export function toHtml(text, number) {
  const blocks = text.trim().split(/(\$\$.*?\$\$[ \t]*(?:\([\w-]+\))?)|\n{2,}/s).filter((block) => block && block.trim());
  return blocks.map((block) => oneBlock(block.trim(), number)).join("\n");
}

function oneBlock(block, number) {
  if (block.startsWith("$$")) return equation(block, number);
  if (/^[-*] /.test(block)) return list(block);
  const fence = block.match(/^```\w*\n(.*?)\n?```$/s);
  return fence ? `<pre>${escape(fence[1])}</pre>` : `<p>${inline(block)}</p>`;
}
