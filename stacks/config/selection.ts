import { type Document, isSeq, parseDocument } from "yaml";

/** What a stack's services are to become: names to include, to leave out of it, or to switch off and on again. */
export interface SelectionChange {
  add?: readonly string[];
  remove?: readonly string[];
  enable?: readonly string[];
  disable?: readonly string[];
}

const includePath = ["config", "ums:platform", "services", "include"];
const excludePath = ["config", "ums:platform", "services", "exclude"];

/**
 * A stack's config file with other services: comments, order and everything else as they were. A stack that includes
 * all leaves a service out by excluding it; one that names its services by not naming it.
 */
export function changeSelection(text: string, change: SelectionChange): string {
  const document = parseDocument(text);
  const all = document.getIn(includePath) === "all";
  const { add = [], remove = [], enable = [], disable = [] } = change;
  if (!all) {
    for (const name of add) append(document, includePath, name);
    for (const name of remove) drop(document, includePath, name);
  }
  for (const name of [...add, ...enable]) drop(document, excludePath, name);
  for (const name of [...(all ? remove : []), ...disable]) append(document, excludePath, name);
  // A service that is not included any more need not be excluded.
  if (!all) for (const name of remove) drop(document, excludePath, name);
  return document.toString({ lineWidth: 0, flowCollectionPadding: /\{ \S/.test(text) });
}

function namesAt(document: Document, path: string[]): string[] {
  const node = document.getIn(path);
  return isSeq(node) ? (node.toJSON() as string[]) : [];
}

function append(document: Document, path: string[], name: string): void {
  const names = namesAt(document, path);
  if (names.includes(name)) return;
  if (names.length === 0) document.setIn(path, document.createNode([name]));
  else document.addIn(path, name);
}

function drop(document: Document, path: string[], name: string): void {
  const index = namesAt(document, path).indexOf(name);
  if (index < 0) return;
  document.deleteIn([...path, index]);
  if (namesAt(document, path).length === 0) document.deleteIn(path);
}
