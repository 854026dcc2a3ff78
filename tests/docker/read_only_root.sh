#!/bin/sh
# Runs a command as a container of compose.yaml would have it: this machine's root read-only, tmpfs where one may write,
# user 10001 without capabilities, no new privileges. Needs root, and the mount namespace it is started in:
#   unshare --mount sh read_only_root.sh SCRATCH IMAGE PYTHON_PREFIX COMMAND
# IMAGE, a folder, is seen at /mnt; PYTHON_PREFIX, where the environment's Python lies, is made readable below /root.
set -eu
root=$1/root
mount --make-rprivate /
mkdir -p "$root"
mount --bind / "$root"
mount -o remount,bind,ro "$root"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/dev/shm"
mount --bind "$2" "$root/mnt"
mount -o remount,bind,ro "$root/mnt"
case $3 in /root/*)
    mount -t tmpfs -o mode=755 tmpfs "$root/root"
    mkdir -p "$root$3"
    mount --bind "$3" "$root$3"
    mount -o remount,bind,ro "$root$3"
    ;;
esac
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=0700,uid=10001,gid=10001,size=64m tmpfs "$root/var/tmp"
exec chroot "$root" setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --bounding-set -all --inh-caps -all \
    env -i PATH=/usr/bin:/bin HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/tmp/site \
    STATIC_ROOT=/mnt/app/static BEHIND_PROXY=True MEDIA_BY_PROXY=True sh -c "$4"
