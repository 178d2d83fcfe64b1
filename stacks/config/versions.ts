import { type Document, isMap, isScalar, parseDocument } from "yaml";
import type { SecretVersion } from "./sections/secrets.ts";

/** What of a stack's config file a rotation changes. Undefined takes an entry out. */
export interface VersionChange {
  versions?: Readonly<Record<string, SecretVersion | undefined>>;
  /** Encrypted values under ums:secrets. */
  ciphertexts?: Readonly<Record<string, string>>;
}

const versionsPath = ["config", "ums:platform", "secretVersions"];

/** A stack's config file with other versions of secrets: comments, order and everything else as they were. */
export function changeVersions(text: string, { versions = {}, ciphertexts = {} }: VersionChange): string {
  const document = parseDocument(text);
  for (const [name, entry] of Object.entries(versions)) {
    const path = [...versionsPath, name];
    if (entry === undefined) {
      if (document.hasIn(path)) document.deleteIn(path);
    } else document.setIn(path, entryNode(document, entry));
  }
  const left = document.getIn(versionsPath);
  if (isMap(left) && left.items.length === 0) document.deleteIn(versionsPath);
  for (const [key, secure] of Object.entries(ciphertexts))
    document.setIn(["config", "ums:secrets", key], document.createNode({ secure }));
  return document.toString({ lineWidth: 0, flowCollectionPadding: /\{ \S/.test(text) });
}

/** On one line, and the day in quotes: Pulumi takes one without for a time. */
function entryNode(document: Document, { version, since, previous }: SecretVersion) {
  const node = document.createNode(
    { version, ...(since === undefined ? {} : { since }), ...(previous === undefined ? {} : { previous }) },
    { flow: true },
  );
  const day = node.get("since", true);
  if (isScalar(day)) day.type = "QUOTE_DOUBLE";
  return node;
}
