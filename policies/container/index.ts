import type { ContainerPolicy } from "../lib/policy";
import { capabilitiesAdded } from "./capabilities-added";
import { capabilitiesDropped } from "./capabilities-dropped";
import { confinement } from "./confinement";
import { cpuLimit } from "./cpu-limit";
import { devices } from "./devices";
import { engineSocket } from "./engine-socket";
import { healthCheck } from "./health-check";
import { hostNamespaces } from "./host-namespaces";
import { imageDigest } from "./image-digest";
import { imageRegistry } from "./image-registry";
import { imageTag } from "./image-tag";
import { legacyLinks } from "./legacy-links";
import { limitBudget } from "./limit-budget";
import { literalCredentials } from "./literal-credentials";
import { logRotation } from "./log-rotation";
import { memoryLimit } from "./memory-limit";
import { mountPropagation } from "./mount-propagation";
import { noNewPrivileges } from "./no-new-privileges";
import { nonRootUser } from "./non-root-user";
import { privileged } from "./privileged";
import { privilegedPorts } from "./privileged-ports";
import { publishedAddress } from "./published-address";
import { publishedPorts } from "./published-ports";
import { readOnlyRoot } from "./read-only-root";
import { restartPolicy } from "./restart-policy";
import { secretFileMode } from "./secret-file-mode";
import { sensitivePaths } from "./sensitive-paths";
import { swapLimit } from "./swap-limit";
import { sysctls } from "./sysctls";
import { tmpfsOptions } from "./tmpfs-options";

/** Every rule over one container, by name. */
export const containerPolicies: readonly ContainerPolicy[] = [
  capabilitiesAdded,
  capabilitiesDropped,
  confinement,
  cpuLimit,
  devices,
  engineSocket,
  healthCheck,
  hostNamespaces,
  sensitivePaths,
  imageDigest,
  imageRegistry,
  imageTag,
  legacyLinks,
  limitBudget,
  literalCredentials,
  logRotation,
  memoryLimit,
  mountPropagation,
  noNewPrivileges,
  nonRootUser,
  privileged,
  privilegedPorts,
  publishedAddress,
  publishedPorts,
  readOnlyRoot,
  restartPolicy,
  secretFileMode,
  swapLimit,
  sysctls,
  tmpfsOptions,
];
