#!/usr/bin/env python3
"""startup.py PLUGIN OUT STELE EXECWATCH - what starting and translating costs: the programs of startup.list under
qemu-aarch64 7.2 with the plugin (mode=count), summed over processes.

  reached     distinct x86-64 instructions executed, counted with qemu-x86_64 and the plugin's "translated"
  in all      million ARM64 instructions
  outside     those outside generated code: the loader, the translator, system calls
  per x86     outside over reached

Ends with the goals; exit status 1 if one is missed."""
import os, subprocess, sys, tempfile

plugin, out, stele, execwatch = map(os.path.abspath, sys.argv[1:5])
here = os.path.dirname(os.path.abspath(__file__))
# Under execwatch, so that stele can execute itself under this QEMU, and nothing runs natively.
QEMU = {n: subprocess.run(["sh", "-c", f"command -v {n}"], capture_output=True, text=True).stdout.strip()
        for n in ("qemu-aarch64", "qemu-x86_64")}
open(f"{out}/fork.sh", "w").write("for i in {1..50}; do ( : ); done; echo done\n")
open(f"{out}/exec.sh", "w").write("for i in $(seq 50); do /bin/true; done; echo done\n")


def count(command, env):
    with tempfile.TemporaryDirectory() as tmp:
        env = {"PATH": "/usr/bin:/bin", "HOME": tmp, "LANG": "C", "QEMU_RAND_SEED": "1",
               "QEMU_PLUGIN": f"{plugin},mode=count,out={tmp}/stat", **env}
        try:
            p = subprocess.run(command, cwd=out, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
        except subprocess.TimeoutExpired:
            return {"status": "time limit"}
        sums = {"status": p.returncode, "out": p.stdout}
        for kv in open(tmp + "/stat").read().split() if os.path.exists(tmp + "/stat") else []:
            k, _, v = kv.partition("=")
            if v.isdigit():
                # A forked child's plugin has its parent's blocks too: there the largest process counts.
                sums[k] = max(sums.get(k, 0), int(v)) if k == "translated" and "fork.sh" in command else sums.get(k, 0) + int(v)
        return sums


missed = False
print(f"{'':10}{'reached':>10}{'in all, M':>11}{'outside, M':>11}{'per x86':>9}")
for line in open(here + "/startup.list"):
    if line.startswith("#") or not line.strip():
        continue
    name, most, most_outside, prog, *args = line.split()
    prog = prog if prog.startswith("/") else f"{out}/{prog}"
    x86 = count([QEMU["qemu-x86_64"], prog] + args, {})
    a64 = count([execwatch, stele, prog] + args,
                {"QEMU": QEMU["qemu-aarch64"], "QEMU_CPU": "max,sve=off,sme=off,pauth-impdef=on"})
    if x86["status"] or a64["status"] or x86["out"] != a64["out"] or "insns" not in a64:
        print(f"{name:10}  status {x86['status']} under qemu-x86_64, {a64['status']} under stele, output "
              f"{'same' if x86.get('out') == a64.get('out') else 'differs'}")
        missed = True
        continue
    outside = a64["insns"] - a64["jit_insns"]
    per = outside / x86["translated"]
    print(f"{name:10}{x86['translated']:10}{a64['insns'] / 1e6:11.1f}{outside / 1e6:11.1f}{per:9.0f}")
    for text, value, limit in (("in all", a64["insns"] / 1e6, most), ("outside", outside / 1e6, most_outside),
                               ("per x86-64 instruction", per, "1500" if name in ("sqlite", "python3") else "-")):
        if limit != "-" and value > float(limit):
            print(f"{'':10}MISSED {text}: at most {limit}")
            missed = True
sys.exit(missed)
