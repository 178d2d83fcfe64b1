import { linesText } from "../text.ts";

/**
 * Prints configuration files of one format as one: each key with its last value, sections in the order they first
 * appear. Sections are [name], and [[name]] inside one; comments go. Values of ConfigObj may span lines between three
 * quotes. In a numbered list, such as NZBGet's Category1.Name and Category1.DestDir, entries are the same by their name
 * and not by their number: `-v list=Category -v by=Name`.
 *
 * Plain POSIX awk, because it is the one language that every client's image has.
 */
export const mergeAwk = linesText(
  String.raw`function trim(text) {
  sub(/^[ \t]+/, "", text)
  sub(/[ \t]+$/, "", text)
  return text
}

function enter(top, nested) {
  if (!((top, "") in known)) { known[top, ""]; tops[++topCount] = top }
  if (nested != "" && !((top, nested) in known)) {
    known[top, nested]
    inside[top, ++insideCount[top]] = nested
  }
  section = top
  subsection = nested
}

function store(key, text) {
  if (!((section, subsection, key) in value)) keys[section, subsection, ++keyCount[section, subsection]] = key
  value[section, subsection, key] = text
  last = key
}

function put(key, text) {
  if (list == "" || key !~ ("^" list "[0-9]+[.]")) { store(key, text); return }
  number = substr(key, length(list) + 1) + 0
  field = substr(key, index(key, ".") + 1)
  if (number > highest) highest = number
  if (!((number, field) in entry)) fields[number, ++fieldCount[number]] = field
  entry[number, field] = text
}

# The entries of the list in one file, now that all their names are known.
function settle(  n, f, name) {
  for (n = 1; n <= highest; n++) {
    name = tolower(entry[n, by])
    if (name != "" && !(name in slot)) slot[name] = ++slots
    for (f = 1; f <= fieldCount[n]; f++)
      if (name != "") store(list slot[name] "." fields[n, f], entry[n, fields[n, f]])
  }
  highest = 0
  split("", entry); split("", fields); split("", fieldCount)
}

function show(top, nested,  k) {
  for (k = 1; k <= keyCount[top, nested]; k++)
    print keys[top, nested, k] "=" value[top, nested, keys[top, nested, k]]
}

BEGIN { enter("", "") }
FNR == 1 { settle(); open = ""; enter("", "") }
{ sub(/\r$/, "") }
open != "" {
  value[section, subsection, last] = value[section, subsection, last] "\n" $0
  if (index($0, open)) open = ""
  next
}
/^[ \t]*($|[#;])/ { next }
/^[ \t]*\[\[.*\]\][ \t]*$/ { name = trim($0); enter(section, substr(name, 3, length(name) - 4)); next }
/^[ \t]*\[.*\][ \t]*$/ { name = trim($0); enter(substr(name, 2, length(name) - 2), ""); next }
/=/ {
  at = index($0, "=")
  text = trim(substr($0, at + 1))
  put(trim(substr($0, 1, at - 1)), text)
  if (text ~ /^("""|''')/ && !index(substr(text, 4), substr(text, 1, 3))) open = substr(text, 1, 3)
}
END {
  settle()
  for (t = 1; t <= topCount; t++) {
    if (tops[t] != "") print "[" tops[t] "]"
    show(tops[t], "")
    for (i = 1; i <= insideCount[tops[t]]; i++) {
      print "[[" inside[tops[t], i] "]]"
      show(tops[t], inside[tops[t], i])
    }
  }
}`.split("\n"),
);
