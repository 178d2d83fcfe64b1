/** A key of ums:secrets that Gluetun reads from a file. */
export interface VpnSecret {
  key: string;
  /** Variable that names the file. */
  variable: string;
  /** Gluetun's own name for the file, in /run/secrets. */
  file: string;
}

export const vpnSecrets = {
  wireguardPrivateKey: secret("WireguardPrivateKey", "WIREGUARD_PRIVATE_KEY"),
  wireguardAddresses: secret("WireguardAddresses", "WIREGUARD_ADDRESSES"),
  wireguardPresharedKey: secret("WireguardPresharedKey", "WIREGUARD_PRESHARED_KEY"),
  openvpnUser: secret("OpenvpnUser", "OPENVPN_USER"),
  openvpnPassword: secret("OpenvpnPassword", "OPENVPN_PASSWORD"),
  openvpnClientCertificate: secret("OpenvpnClientCertificate", "OPENVPN_CLIENTCRT"),
  openvpnClientKey: secret("OpenvpnClientKey", "OPENVPN_CLIENTKEY"),
  openvpnEncryptedKey: secret("OpenvpnEncryptedKey", "OPENVPN_ENCRYPTED_KEY"),
  openvpnKeyPassphrase: secret("OpenvpnKeyPassphrase", "OPENVPN_KEY_PASSPHRASE"),
  openvpnConfig: { key: "vpnOpenvpnConfig", variable: "OPENVPN_CUSTOM_CONFIG", file: "openvpn.conf" },
} as const satisfies Record<string, VpnSecret>;

function secret(name: string, variable: string): VpnSecret {
  return { key: `vpn${name}`, variable: `${variable}_SECRETFILE`, file: variable.toLowerCase() };
}

export const vpnTypes = ["wireguard", "openvpn"] as const;
export type VpnType = (typeof vpnTypes)[number];

type SecretName = keyof typeof vpnSecrets;

/** What a kind of tunnel needs: secrets without which Gluetun refuses to start, and further ones that it takes. */
export interface TunnelSecrets {
  needs: readonly SecretName[];
  takes?: readonly SecretName[];
}

interface Provider {
  wireguard?: TunnelSecrets;
  openvpn: TunnelSecrets;
  /** Gluetun asks it for a port, and keeps it open. */
  forwardsPort?: boolean;
}

const wireguard: TunnelSecrets = {
  needs: ["wireguardPrivateKey", "wireguardAddresses"],
  takes: ["wireguardPresharedKey"],
};
/** The provider gives every client the same address, which Gluetun knows. */
const oneAddress: TunnelSecrets = {
  needs: ["wireguardPrivateKey"],
  takes: ["wireguardAddresses", "wireguardPresharedKey"],
};
const openvpn: TunnelSecrets = { needs: ["openvpnUser", "openvpnPassword"] };
const certified: TunnelSecrets = {
  needs: ["openvpnUser", "openvpnPassword", "openvpnClientCertificate", "openvpnClientKey"],
};

/**
 * Providers that Gluetun 3.41 knows: names of internal/constants/providers/providers.go, WireGuard and port forwarding
 * of internal/configuration/settings/provider.go and portforward.go, secrets of wireguard.go and openvpn.go there.
 */
export const providers = {
  airvpn: {
    wireguard: { needs: ["wireguardPrivateKey", "wireguardAddresses", "wireguardPresharedKey"] },
    openvpn: { needs: ["openvpnClientCertificate", "openvpnClientKey"] },
  },
  custom: {
    wireguard,
    openvpn: { needs: ["openvpnConfig"], takes: ["openvpnUser", "openvpnPassword"] },
  },
  cyberghost: { openvpn: certified },
  expressvpn: { openvpn },
  fastestvpn: { wireguard, openvpn },
  giganews: { openvpn },
  hidemyass: { openvpn },
  ipvanish: { openvpn },
  // An account id takes the place of a name and a password.
  ivpn: { wireguard, openvpn: { needs: ["openvpnUser"], takes: ["openvpnPassword"] } },
  // An account number is the name, and every password is m.
  mullvad: { wireguard, openvpn: { needs: ["openvpnUser"] } },
  nordvpn: { wireguard: oneAddress, openvpn },
  "perfect privacy": { openvpn, forwardsPort: true },
  privado: { openvpn },
  "private internet access": { openvpn, forwardsPort: true },
  privatevpn: { openvpn, forwardsPort: true },
  protonvpn: { wireguard: oneAddress, openvpn, forwardsPort: true },
  purevpn: { openvpn },
  slickvpn: { openvpn },
  surfshark: { wireguard, openvpn },
  torguard: { openvpn },
  "vpn unlimited": { openvpn: certified },
  vpnsecure: {
    openvpn: { needs: ["openvpnClientCertificate", "openvpnEncryptedKey", "openvpnKeyPassphrase"] },
  },
  vyprvpn: { openvpn },
  windscribe: { wireguard, openvpn },
} as const satisfies Record<string, Provider>;

export type ProviderName = keyof typeof providers;
export const providerNames = Object.keys(providers) as ProviderName[];

export function providerOf(name: ProviderName): Provider {
  return providers[name];
}

/** Names of the providers for which something is true. */
export function providersThat(is: (provider: Provider) => boolean): ProviderName[] {
  return providerNames.filter((name) => is(providerOf(name)));
}

/** Resolvers that Gluetun reaches over TLS: names of qdm12/dns/v2, pkg/provider. */
export const resolvers = [
  "cira family",
  "cira private",
  "cira protected",
  "cleanbrowsing adult",
  "cleanbrowsing family",
  "cleanbrowsing security",
  "cloudflare",
  "cloudflare family",
  "cloudflare security",
  "google",
  "libredns",
  "opendns",
  "quad9",
  "quad9 secured",
  "quad9 unsecured",
  "quadrant",
] as const;
