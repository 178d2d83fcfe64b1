import { loadStack } from "../../stacks/load.ts";
import { declareStack } from "../../targets/declare.ts";
import type { RegisteredResource } from "../../targets/resources.ts";
import { projectRoot } from "../fixtures/folders.ts";

/** The resources of a stack of the project, declared by the same program as its deployment. */
export async function stackResources(stack: "dev" | "staging" | "prod"): Promise<RegisteredResource[]> {
  const { resources } = await declareStack(projectRoot, loadStack(projectRoot, stack));
  return resources;
}
