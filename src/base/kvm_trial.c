/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kvm_trial: see kvm_trial.h.
 *
 * The sector: cli; mov ecx, 20000000; l: dec ecx; jnz l; mov al, 1; out 0xf4, al; hlt; jmp $-1.
 * QEMU's exit code is then 3 (isa-debug-exit: twice the byte and one). The limit is one of CPU
 * time, so that a busy host is not taken for a slow one.
 */
#include "base/kvm_trial.h"

const char kvm_trial_script[] =
    "accel=${2:-kvm} model=host\n"
    "if [ $accel = kvm ]; then\n"
    "    [ -w /dev/kvm ] || { echo 'no /dev/kvm to write to' >&2; exit 1; }\n"
    "    [ \"$1\" != open ] || exit 0\n"
    "    case $(uname -m) in x86_64|i?86) grep -qwE 'vmx|svm' /proc/cpuinfo || {\n"
    "        echo 'the CPU has neither vmx nor svm, so this KVM is not for ordinary guests' >&2\n"
    "        exit 1; };; esac\n"
    "else model=max; fi\n"
    "sector=$(mktemp) || exit 1\n"
    "trap 'rm -f \"$sector\"' EXIT\n"
    "{ printf "
    "'\\372\\146\\271\\000\\055\\061\\001\\146\\111\\165\\374\\260\\001\\346\\364\\364\\353\\375'\n"
    "  head -c 492 /dev/zero; printf '\\125\\252'; } > \"$sector\" || exit 1\n"
    "said=$(ulimit -c 0; ulimit -t 3; timeout 30 qemu-system-x86_64 -accel $accel -cpu $model -m "
    "64 \\\n"
    "    -nodefaults -display none -device isa-debug-exit,iobase=0xf4,iosize=1 \\\n"
    "    -drive file=\"$sector\",format=raw,if=ide 2>&1)\n"
    "status=$?\n"
    "[ $status -ne 3 ] || exit 0\n"
    "case $status in 124|137|152)\n"
    "    said='a guest hardly gets on, counting to 20 million takes over 3 s';;\n"
    "esac\n"
    "echo \"$said\" >&2\n"
    "exit 1\n";
