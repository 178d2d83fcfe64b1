import { z } from "zod";
import { recordSchema } from "./record.ts";

/** The catalogue's JSON Schema, for editors: completion and checks while a record is written. */
export function catalogJsonSchema(): string {
  const schema = z.toJSONSchema(recordSchema, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ title: "Ultimate Media Server service record", ...schema }, null, 2)}\n`;
}
