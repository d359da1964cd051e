#!/bin/bash
# Go: its compiler and linker, a static program made by them, and programs that call C.
SYSTEM=more; . "$(dirname "$0")/../lib.sh"
cat > "$IN/t.go" <<'G'
package main

import ("bytes"; "compress/gzip"; "crypto/sha256"; "encoding/json"; "fmt"; "math"; "math/big"; "net"; "os"; "os/exec"; "os/signal"; "runtime"; "runtime/debug"; "sort"; "strings"; "sync"; "sync/atomic"; "syscall"; "time")

type node struct{ l, r *node }

func tree(d int) *node { if d == 0 { return &node{} }; return &node{tree(d - 1), tree(d - 1)} }
func (n *node) count() int { if n.l == nil { return 1 }; return 1 + n.l.count() + n.r.count() }
func deep(n int) int { var pad [64]byte; if n == 0 { return len(pad) }; return deep(n-1) + int(pad[n%64]) }

func main() {
	fmt.Println(len(os.Args), runtime.GOARCH, math.Sin(1), math.Sqrt(2), new(big.Int).Exp(big.NewInt(3), big.NewInt(200), nil))
	m := map[string]int{}
	for _, w := range strings.Fields("a b a c b a") { m[w]++ }
	j, _ := json.Marshal(m)
	fmt.Println(string(j), fmt.Sprintf("%x", sha256.Sum256([]byte("x")))[:16])
	var z bytes.Buffer
	w := gzip.NewWriter(&z); w.Write(bytes.Repeat([]byte("hello "), 5000)); w.Close()
	r, _ := gzip.NewReader(&z); var o bytes.Buffer; o.ReadFrom(r); fmt.Println(o.Len())
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum, ch := 0, make(chan int, 4)
	for i := 0; i < 50; i++ { wg.Add(1); go func(i int) { defer wg.Done(); for k := 0; k < 100; k++ { mu.Lock(); sum += i; mu.Unlock(); if k%10 == 0 { runtime.Gosched() } }; ch <- i }(i) }
	t := 0
	for i := 0; i < 50; i++ { t += <-ch }
	wg.Wait(); fmt.Println(sum, t, deep(20000))
	// A loop without a call: only a signal can take the processor from it.
	var stop, rounds int32; runtime.GOMAXPROCS(1)
	go func() { for atomic.LoadInt32(&stop) == 0 { rounds++ }; stop = 2 }()
	time.Sleep(20 * time.Millisecond); atomic.StoreInt32(&stop, 1); runtime.GC(); runtime.GOMAXPROCS(2)
	debug.SetGCPercent(20)
	n := 0
	for i := 0; i < 6; i++ { n += tree(12).count() }
	fmt.Println("preempted,", n)
	func() { defer func() { fmt.Println("recovered:", recover()) }(); var p *node; _ = p.l }()
	func() { defer func() { fmt.Println("recovered:", recover()) }(); a := []int{1}; i := len(os.Args) + 5; _ = a[i] }()
	func() { defer func() { fmt.Println("recovered:", recover()) }(); i := len(os.Args) - 1; _ = 7 / i }()
	c := make(chan os.Signal, 1); signal.Notify(c, syscall.SIGUSR1); syscall.Kill(os.Getpid(), syscall.SIGUSR1); fmt.Println(<-c)
	out, err := exec.Command("/bin/sh", "-c", "echo child; exit 3").Output(); fmt.Printf("%s%v\n", out, err)
	l, err := net.Listen("tcp", "127.0.0.1:0"); if err != nil { panic(err) }
	go func() { c, _ := l.Accept(); fmt.Fprint(c, "over tcp"); c.Close() }()
	k, _ := net.Dial("tcp", l.Addr().String()); b := make([]byte, 20); g, _ := k.Read(b); fmt.Println(string(b[:g]))
	s := make([]int, 50000); for i := range s { s[i] = i * 7919 % 50021 }; sort.Ints(s); fmt.Println(s[4711])
	select { case <-time.After(10 * time.Millisecond): fmt.Println("timer"); case <-c: }
	os.Exit(5)
}
G
go=/usr/lib/go-1.19/pkg/tool/linux_amd64
LIMIT=1200 ENV="GOMAXPROCS=2" twin_sh "compile, link, run" "$go/compile -p main -o t.o -I /usr/lib/go-1.19/pkg/linux_amd64 t.go && $go/link -o t -L /usr/lib/go-1.19/pkg/linux_amd64 -s -w t.o && md5sum t.o t && ./t; echo \$?
	echo 'package main; func f() { x }' > bad.go; $go/compile -p main -o bad.o bad.go; echo \$?"
twin_sh "go, with C: fzf, age" 'go=/usr/lib/go-1.19/bin/go; $go version; $go env GOARCH GOOS GOROOT; seq 1 2000 | fzf -f 19 | head -5; age-keygen -o k 2>/dev/null; r=$(sed -n "s/.*public key: //p" k); seq 1 5000 | age -r $r > e; age -d -i k e | md5sum; head -c 500 e | age -d -i k > /dev/null; echo $?; rm -rf k e .cache .config'
finish
