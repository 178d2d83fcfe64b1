import type { StackPolicy } from "../lib/policy";
import { boundVolumes } from "./bound-volumes";
import { closedSegments } from "./closed-segments";
import { configWriters } from "./config-writers";
import { defaultBridge } from "./default-bridge";
import { downloadClients } from "./download-clients";
import { foreignSegment } from "./foreign-segment";
import { gpuSharing } from "./gpu-sharing";
import { hostBudget } from "./host-budget";
import { linkDeclared } from "./link-declared";
import { linkInternal } from "./link-internal";
import { linkMembers } from "./link-members";
import { metricsReach } from "./metrics-reach";
import { overlappingSubnets } from "./overlapping-subnets";
import { protectedData } from "./protected-data";
import { retiredImages } from "./retired-images";
import { routeAccess } from "./route-access";
import { segmentIsolation } from "./segment-isolation";
import { sharedNamespaces } from "./shared-namespaces";
import { uniqueAddresses } from "./unique-addresses";
import { uniqueHostPorts } from "./unique-host-ports";
import { uniqueNames } from "./unique-names";
import { uniqueSubdomains } from "./unique-subdomains";
import { unwatchedServices } from "./unwatched-services";

/** Every rule over the networks and the whole stack, by name. */
export const stackPolicies: readonly StackPolicy[] = [
  boundVolumes,
  closedSegments,
  configWriters,
  defaultBridge,
  downloadClients,
  foreignSegment,
  gpuSharing,
  hostBudget,
  linkDeclared,
  linkInternal,
  linkMembers,
  metricsReach,
  overlappingSubnets,
  protectedData,
  retiredImages,
  routeAccess,
  segmentIsolation,
  sharedNamespaces,
  uniqueAddresses,
  uniqueHostPorts,
  uniqueNames,
  uniqueSubdomains,
  unwatchedServices,
];
