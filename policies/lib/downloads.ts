import { type Container, imageParts } from "./container";
import type { Context } from "./policy";
import { listSetting } from "./setting";

/** What rules over download clients are told. The VPN is in their segment and is none of them. */
export const downloadSettings = {
  segments: listSetting("Segments of download clients.", ["downloads"]),
  categories: listSetting("Categories of download clients.", ["downloads"]),
  clients: listSetting("Download clients, by the service's name or the end of the image's.", [
    "deluge",
    "nzbget",
    "qbittorrent",
    "rtorrent",
    "sabnzbd",
    "transmission",
  ]),
  vpns: listSetting("Services that are the VPN.", ["gluetun"]),
};

export function isVpn({ service }: Container, context: Context): boolean {
  return context.list("vpns").includes(service);
}

/** By any of these: what a record says of itself is not the last word. */
export function isDownloadClient(container: Container, context: Context): boolean {
  const image =
    imageParts(container.inputs.image ?? "")
      .repository.split("/")
      .at(-1) ?? "";
  const clients = context.list("clients");
  if (clients.includes(container.service) || clients.includes(image)) return true;
  const { segment, labels } = container;
  return (
    !isVpn(container, context) &&
    (context.list("segments").includes(segment) ||
      context.list("categories").includes(labels["ums.category"] ?? ""))
  );
}
