import { z } from "zod";
import { absolutePath, hostPath, reason } from "./fields.ts";

/** The kernel's capabilities in the order of linux/capability.h: a name's index is its bit. */
export const capabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
] as const;

export type Capability = (typeof capabilities)[number];

/** A privilege that a record has in spite of the rule that none has any, and why. */
export const lifted = z.discriminatedUnion("privilege", [
  z.strictObject({ privilege: z.literal("root-user"), reason }),
  z.strictObject({ privilege: z.literal("writable-root"), reason }),
  z.strictObject({ privilege: z.literal("new-privileges"), reason }),
  z.strictObject({
    privilege: z.literal("capability"),
    value: z.enum(capabilities).describe("The kernel's name without CAP_, as in NET_ADMIN."),
    reason,
  }),
  z.strictObject({
    privilege: z.literal("tmpfs-exec"),
    value: absolutePath.describe("The tmpfs' path."),
    reason,
  }),
  z.strictObject({ privilege: z.literal("device"), value: absolutePath, reason }),
  z.strictObject({
    privilege: z.literal("host-mount"),
    value: hostPath.describe("Path on the host."),
    path: absolutePath.describe("Path in the container."),
    access: z.enum(["read", "write"]).default("read"),
    reason,
  }),
  z.strictObject({
    privilege: z.literal("sysctl"),
    value: z.string().regex(/^[a-z0-9_.]+=\S+$/, "write name=value"),
    reason,
  }),
]);
