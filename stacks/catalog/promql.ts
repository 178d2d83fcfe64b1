import { parser } from "@prometheus-io/lezer-promql";

/** What is wrong with an expression, by the grammar that Prometheus' own interface uses; undefined where it is PromQL. */
export function promqlProblem(expression: string): string | undefined {
  let wrongAt: number | undefined;
  parser.parse(expression).iterate({
    enter: ({ type, from }) => {
      if (type.isError) wrongAt ??= from;
    },
  });
  if (wrongAt === undefined) return undefined;
  const rest = expression.slice(wrongAt);
  if (rest.trim() === "") return "is no PromQL: it ends too early";
  return `is no PromQL from ${JSON.stringify(rest.length > 40 ? `${rest.slice(0, 37)}...` : rest)} on`;
}
