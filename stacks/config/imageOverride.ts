import { type Document, isMap, parseDocument } from "yaml";
import type { ImageReference } from "../imageReference.ts";

const overridesPath = ["config", "ums:platform", "overrides"];

/**
 * A stack's config file in which a service has this image in place of its record's, or, with undefined, its record's
 * again. Comments, order and everything else stay.
 */
export function overrideImage(text: string, service: string, image: ImageReference | undefined): string {
  const document = parseDocument(text);
  const path = [...overridesPath, service, "image"];
  if (image) document.setIn(path, document.createNode({ ...image }, { flow: true }));
  else if (document.hasIn(path)) {
    document.deleteIn(path);
    dropEmpty(document, [...overridesPath, service]);
    dropEmpty(document, overridesPath);
  } else return text;
  return document.toString({ lineWidth: 0, flowCollectionPadding: /\{ \S/.test(text) });
}

function dropEmpty(document: Document, path: string[]): void {
  const node = document.getIn(path);
  if (isMap(node) && node.items.length === 0) document.deleteIn(path);
}
