#!/bin/sh
# Makes the secrets that compose.yaml names, in ./secrets or the folder given: what is there already stays as it is.
# The folder keeps others on this machine out. The files are for whoever a container runs as: Compose binds each into
# the containers that need it, and into no other.
set -eu
folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
keep() {
  [ -s "$folder/$1" ] || printf '%s\n' "$2" >"$folder/$1"
  chmod 444 "$folder/$1"
}
keep key "$(openssl rand -base64 32)"
[ -e "$folder/previous_keys" ] || : >"$folder/previous_keys" # the key before, while `forbear key rotate` is not done
chmod 444 "$folder/previous_keys"
for name in postgres redis flower; do keep "${name}_password" "$(openssl rand -hex 24)"; done
keep database_url "postgresql://forbear:$(cat "$folder/postgres_password")@postgres:5432/forbear"
keep redis_url "redis://:$(cat "$folder/redis_password")@redis:6379/0"
echo "The secrets are in $folder. Keep a copy of $folder/key apart from the backups: without it nobody can read them."
