/** Labels by which everything of a stack is found again, sorted by name. */
export function labelsOf(
  stack: string,
  more: Readonly<Record<string, string>> = {},
): { label: string; value: string }[] {
  return Object.entries({ "ums.stack": stack, ...more })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
}
