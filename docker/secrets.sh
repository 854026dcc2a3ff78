#!/bin/sh
# Makes the secrets that compose.yaml hands to the containers as files: docker/secrets.sh [folder]
# Made once; a folder that is there already is left as it is. Keep a copy of it where the backups are not.
#
# The folder is for its owner alone. The files in it can be read by anyone who gets that far: a container's user, who
# has another number than their owner, reads them through a mount of the single file.
set -eu

folder=${1:-$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/secrets}
if [ -e "$folder" ]; then
    echo "$folder is there already: nothing was made." >&2
    exit 1
fi

# Enough of it that what is left without signs is always long enough.
random() {
    head -c 192 /dev/urandom | base64 | tr -d '\n/+=' | cut -c "1-$1"
}

umask 077
aside=$folder.part
rm -rf "$aside"
mkdir -p "$aside"
database=$(random 40)
queue=$(random 40)
key_id=$(random 20)
key=$(random 40)
random 60 >"$aside/secret_key"
printf '%s' "$database" >"$aside/postgres_password"
printf 'postgres://site:%s@db:5432/site' "$database" >"$aside/database_url"
printf 'requirepass %s\n' "$queue" >"$aside/redis_conf"
printf 'redis://:%s@redis:6379/0' "$queue" >"$aside/redis_url"
printf '%s' "$key_id" >"$aside/s3_key_id"
printf '%s' "$key" >"$aside/s3_secret"
# The site's key opens its own bucket and nothing else.
cat >"$aside/storage_keys" <<EOF
{"identities": [{"name": "site", "actions": ["Admin:photos"],
 "credentials": [{"accessKey": "$key_id", "secretKey": "$key"}]}]}
EOF
chmod 0444 "$aside"/*
mv "$aside" "$folder"
echo "Secrets were made in $folder."
