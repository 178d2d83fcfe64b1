/** Formats of an export, as the command line takes them. */
export const formatNames = ["compose", "compose-env", "kubernetes-config", "systemd", "shell"] as const;
export type FormatName = (typeof formatNames)[number];
