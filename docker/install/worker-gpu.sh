#!/bin/sh
# Puts what a worker with mmdet and mmpose needs into a Python environment of its own (never beside MediaPipe's):
#   docker/install/worker-gpu.sh /path/to/bin/python
#
# Nobody publishes mmcv for this Python, so its wheel is built once (13 minutes on two cores without CUDA) and kept:
#   MMCV_WHEELS  the folder of built wheels; one folder in it per versions of Python, torch, mmcv and CUDA
#   MMCV_CUDA    1: with CUDA's operators (needs nvcc in CUDA_HOME); else for the CPU, which runs everything too
#   MAX_JOBS     compilers at once
# All packages are locked with their hashes; the built wheel is the one thing without, as it is our own work.
set -eu

python=${1:?"name the python of the environment to fill"}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
wheels=${MMCV_WHEELS:-$root/var/wheels}
# From Turing on; the last also as PTX, for cards that are newer.
architectures=${TORCH_CUDA_ARCH_LIST:-"7.5 8.0 8.6 8.9 9.0+PTX"}
lock=$root/requirements/gpu.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install() {
    "$python" -m pip install --disable-pip-version-check --progress-bar off -qq --no-deps "$@"
}

# The lock without mmcv ($1 = ""), or mmcv's part of it alone ($1 = "!"). A part is a line and those indented below it.
part() {
    awk "/^[a-z]/ { mmcv = /^onedl-mmcv==/ } ${1}!mmcv" "$2"
}

pinned() {
    sed -n "s/^$1==\([^ ]*\).*/\1/p" "$lock"
}

key=$("$python" -c 'import sys; print(sys.implementation.cache_tag)')-torch$(pinned torch)-mmcv$(pinned onedl-mmcv)
if [ "${MMCV_CUDA:-0}" = 1 ]; then
    key=$key-cuda$(pinned cuda-toolkit)-$(echo "$architectures" | tr ' ' '_')
else
    key=$key-cpu
fi
kept=$wheels/$key

# torch's headers ask for C++20 where mmcv's build says C++17, and nvcc takes only one of the two.
compiler() {
    cat >"$work/$1" <<EOF
#!/bin/sh
left=\$#
while [ "\$left" -gt 0 ]; do
    word=\$1
    shift
    case \$word in -std=c++1[47]) word=-std=c++20 ;; esac
    set -- "\$@" "\$word"
    left=\$((left - 1))
done
exec $2 "\$@"
EOF
    chmod +x "$work/$1"
}

build() {
    part "" "$root/requirements/gpu-build.txt" >"$work/build.txt"
    install --require-hashes --requirement "$work/build.txt"
    part "!" "$lock" >"$work/mmcv.txt"
    compiler cxx g++
    compiler nvcc "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc"
    echo "Building mmcv's wheel for $key ..."
    CXX=$work/cxx CC=gcc PYTORCH_NVCC=$work/nvcc TORCH_CUDA_ARCH_LIST=$architectures MMCV_WITH_OPS=1 \
        FORCE_CUDA=${MMCV_CUDA:-0} MAX_JOBS=${MAX_JOBS:-$(nproc)} \
        "$python" -m pip wheel --disable-pip-version-check --progress-bar off -qq --no-deps --no-build-isolation \
        --no-binary onedl-mmcv --require-hashes --requirement "$work/mmcv.txt" --wheel-dir "$work/wheel"
    # Moved into place whole: a build that was stopped leaves no half wheel behind.
    mkdir -p "$wheels"
    rm -rf "$kept"
    mv "$work/wheel" "$kept"
}

if ! ls "$kept"/onedl_mmcv-*.whl >/dev/null 2>&1; then
    build
fi
part "" "$lock" >"$work/lock.txt"
install --require-hashes --requirement "$work/lock.txt"
install --force-reinstall "$kept"/onedl_mmcv-*.whl
"$python" -c 'import mmcv.ops, mmdet.apis, mmpretrain, mmpose.apis'
