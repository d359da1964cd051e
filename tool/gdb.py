"""gdb.py - for gdb on stele: which guest instruction does a host PC belong to?

    gdb -p PID -x tool/gdb.py          (on ARM64; elsewhere gdb-multiarch on qemu-aarch64 -g PORT)
    (gdb) stele rip [ADDRESS]          guest address of a host PC ($pc), by the arenas' side tables
    (gdb) stele code ADDRESS           host addresses of the regions that hold code of a guest address
    (gdb) stele regs                   the guest's registers, while translated code runs

Reads struct arena and struct region of src/rt/arena.h by their debug information. A PC that is not in an arena is in C: there the
guest's registers are in the thread's struct cpu.
"""
import gdb

NAMES = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()
SENSE = 0xFFF0          # TR_SENSE of tr.h: side entries that say how C stands, not where an instruction starts


def number(v):
    return int(v) & (1 << 64) - 1


def regions():
    """(base of the arena, its struct region's address, the region) for all, live and dropped."""
    kind = gdb.lookup_type("struct region").pointer()
    word = gdb.lookup_type("unsigned int").pointer()
    a = gdb.parse_and_eval("rt_arenas")
    while number(a):
        base = number(a["base"])
        index = gdb.Value(base + number(a["size"])).cast(word)
        for k in range(int(a["nregions"])):
            at = base + int(index[-1 - k])
            yield base, at, gdb.Value(at).cast(kind).dereference()
        a = a["next"]


def side_table(at, r):
    """(bytes from the code, bytes from lo) of each guest instruction's start."""
    entries = gdb.Value(at + r.type.sizeof).cast(gdb.lookup_type("struct rentry").pointer())
    sides = (entries + int(r["nentry"])).cast(gdb.lookup_type("struct side").pointer())
    for k in range(int(r["nside"])):
        if int(sides[k]["guest"]) < SENSE:
            yield int(sides[k]["host"]) * 4, int(sides[k]["guest"])


class Stele(gdb.Command):
    __doc__ = __doc__

    def __init__(self):
        super().__init__("stele", gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        words = gdb.string_to_argv(text)
        what = words[0] if words else ""
        if what == "rip":
            self.rip(number(gdb.parse_and_eval(words[1] if len(words) > 1 else "$pc")))
        elif what == "code" and len(words) > 1:
            self.code(number(gdb.parse_and_eval(words[1])))
        elif what == "regs":
            self.regs()
        else:
            raise gdb.GdbError("stele rip [ADDRESS], stele code ADDRESS, stele regs")

    def rip(self, pc):
        for base, at, r in regions():
            off = pc - base - int(r["code"])
            if 0 <= off < int(r["ncode"]):
                rip = number(r["lo"]) + max((s for s in side_table(at, r) if s[0] <= off), default=(0, 0))[1]
                print("guest %#x%s" % (rip, " (region dropped)" if r["dead"] else ""))
                return
        print("%#x is not in translated code" % pc)

    def code(self, rip):
        for base, at, r in regions():
            for host, guest in side_table(at, r):
                if number(r["lo"]) + guest == rip:
                    print("%#x%s" % (base + int(r["code"]) + host, " (region dropped)" if r["dead"] else ""))

    def regs(self):
        hosts = gdb.parse_and_eval("tr_greg")
        for k, name in enumerate(NAMES):
            print("%-4s %#018x" % (name, number(gdb.parse_and_eval("$x%d" % int(hosts[k])))))


Stele()
