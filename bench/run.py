#!/usr/bin/env python3
"""Runs benchmark programs natively (ARM64) and through translators, all inside qemu-aarch64 with the a64cost plugin,
and adds one CSV row per run.

  run.py --plugin a64cost.so --out DIR --list programs.list --csv results.csv
         [--who 'NAME | VAR=value ... | COMMAND' ...] [--only NAME,...] [--mode model|count] [--jobs N] [--limit SECONDS]

DIR holds NAME.a (ARM64) and NAME.x (x86-64), see build. "native" is always measured; each --who is a translator: its
environment and the ARM64 command that the x86-64 program and its arguments are added to. A row is keyed by what was
run (the translator's and the program's bytes), so a run that would give the same row again is not made.
Counting needs a QEMU with version 1 of the plugin API (6.0 to 8.2), as Debian 12's and Ubuntu 24.04's."""
import argparse, concurrent.futures as cf, csv, hashlib, os, subprocess, sys, tempfile, time

ap = argparse.ArgumentParser()
for o, d in (("plugin", None), ("out", None), ("list", None), ("csv", None), ("mode", "model"), ("limit", "900"),
             ("jobs", "2"), ("only", ""), ("sysroot", "/usr/aarch64-linux-gnu"),
             ("qemu", "qemu-aarch64 -cpu max,sve=off,sme=off,pauth-impdef=on")):
    ap.add_argument("--" + o, default=d)
ap.add_argument("--who", action="append", default=[])
a = ap.parse_args()

COUNTS = ("insns jit_insns cycles cycles_longest load jit_load store jit_store acq jit_acq rel jit_rel atomic jit_atomic "
          "barrier jit_barrier bcond jit_bcond bdir jit_bdir bind jit_bind ret jit_ret fp jit_fp flagmove jit_flagmove "
          "setflags jit_setflags mis_cond mis_ind mis_ret l1d_miss l2_miss l1i_miss blocks translated unknown").split()
FIELDS = ["bench", "size", "who", "key", "status", "seconds", "output"] + COUNTS


def lines(path):
    return [l.rstrip("\n") for l in open(path) if l.strip() and not l.startswith("#")]


def digest(*files):
    h = hashlib.sha256()
    for f in files:
        h.update(open(f, "rb").read())
    return h.hexdigest()[:12]


def translators():
    yield "native", {}, []
    for w in a.who:
        name, env, cmd = (s.strip() for s in w.split("|"))
        yield name, dict(kv.split("=", 1) for kv in env.split()), cmd.split()


def wanted():
    have = set()
    if os.path.exists(a.csv):
        have = {(r["bench"], r["size"], r["who"], r["key"]) for r in csv.DictReader(open(a.csv)) if r["status"] == "ok"}
    for l in lines(a.list):
        name, rest = l.split(None, 1)
        if a.only and name not in a.only.split(","):
            continue
        for size, cmd in zip(("full", "small"), rest.split("|")):
            prog, *args = cmd.split()
            for who, env, prefix in translators():
                if prog.startswith("/") and who == "native":
                    continue                    # a program of this machine: there is no ARM64 twin
                file = prog if prog.startswith("/") else os.path.join(a.out, prog + (".x" if prefix else ".a"))
                key = digest(file, *prefix[:1])
                if (name, size, who, key) not in have:
                    yield name, size, who, key, env, prefix + [os.path.abspath(file)] + args


def run(job):
    name, size, who, key, env, cmd = job
    with tempfile.TemporaryDirectory() as tmp:
        stat = tmp + "/stat"
        full = a.qemu.split() + ["-L", a.sysroot, "-plugin", f"{os.path.abspath(a.plugin)},mode={a.mode},out={stat}"] + cmd
        start = time.time()
        p = subprocess.Popen(full, cwd=a.out, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env={"PATH": "/usr/bin:/bin", "HOME": tmp, "LANG": "C", "QEMU_RAND_SEED": "1", **env},
                             start_new_session=True)
        try:
            out, _ = p.communicate(timeout=float(a.limit))
            status = "ok" if p.returncode == 0 else f"exit {p.returncode}"
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, 9)
            out, _ = p.communicate()
            status = "time limit"
        row = dict(bench=name, size=size, who=who, key=key, status=status, seconds=round(time.time() - start, 1),
                   output=hashlib.sha256(out).hexdigest()[:12] if status == "ok" else out[-80:].decode("latin1").replace("\n", " "))
        if os.path.exists(stat):                # one line a process
            for kv in open(stat).read().split():
                k, _, v = kv.partition("=")
                if k in COUNTS:
                    row[k] = row.get(k, 0) + int(v)
        return row


new = not os.path.exists(a.csv)
with open(a.csv, "a", newline="") as f, cf.ThreadPoolExecutor(int(a.jobs)) as ex:
    w = csv.DictWriter(f, FIELDS)
    if new:
        w.writeheader()
    for row in ex.map(run, list(wanted())):
        w.writerow(row)
        f.flush()
        print(f"{row['bench']:10} {row['size']:6} {row['who']:10} {row['status']:10} {row['seconds']:6} s "
              f"{row.get('insns', 0) / 1e6:10.1f} M instructions", file=sys.stderr, flush=True)
