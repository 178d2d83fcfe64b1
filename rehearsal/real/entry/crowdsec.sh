#!/bin/bash
# What the upstream entry point makes of an empty /etc/crowdsec, without a network: the hub is the package's own.
set -eu
etc=/etc/crowdsec
config=$etc/config.yaml
if [ ! -e $config ]; then
  cp -r /usr/share/crowdsec/etc/. $etc/
  sed -i -e 's#daemonize: true#daemonize: false#' -e 's#log_media: file#log_media: stdout#' \
    -e "s#hub_dir: .*#hub_dir: $etc/hub/#" -e "s#index_path: .*#index_path: $etc/hub/.index.json#" \
    -e 's#listen_uri: .*#listen_uri: 0.0.0.0:8080#' -e 's#listen_addr: .*#listen_addr: 0.0.0.0#' \
    -e '/online_client:/,/credentials_path: .*online/d' $config
  [ "${USE_WAL:-}" != true ] || sed -i 's#^  type: sqlite#  type: sqlite\n  use_wal: true#' $config
fi
[ -d $etc/hub ] || cp -r /usr/share/crowdsec/hub $etc/hub
mkdir -p /var/lib/crowdsec/data
credentials=$etc/local_api_credentials.yaml
[ -s $credentials ] || cscli machines add localhost --auto --force -f $credentials

# Items that the upstream entry point always has, and those asked for.
items="parsers:crowdsecurity/syslog-logs parsers:crowdsecurity/docker-logs parsers:crowdsecurity/dateparse-enrich"
for kind in collections parsers scenarios postoverflows; do
  variable=${kind^^}
  for item in ${!variable:-}; do items="$items $kind:$item"; done
done
# shellcheck disable=SC2086 # a list of words
python3 /usr/local/lib/crowdsec-hub.py $items

for file in /run/secrets/bouncer_key_*; do
  [ -e "$file" ] || continue
  name=${file#/run/secrets/bouncer_key_}
  known=$(cscli bouncers list -o json)
  case $known in *"\"$name\""*) continue ;; esac
  cscli bouncers add "$name" -k "$(cat "$file")" >/dev/null
done
exec crowdsec -c $config "$@"
