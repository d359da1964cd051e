#!/bin/bash
# Java: HotSpot's interpreter and both its compilers; faults that become exceptions, collectors, threads.
. "$(dirname "$0")/../jit.sh"
java=/usr/lib/jvm/java-17-openjdk-amd64/bin
cat > "$IN/T.java" <<'EOF'
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;

public class T {
	interface Shape { double area(); }
	record Circle(double r) implements Shape { public double area() { return Math.PI * r * r; } }
	record Square(double s) implements Shape { public double area() { return s * s; } }

	static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
	static int deep(int n) { return 1 + deep(n + 1); }

	static void faults() {
		String[] none = { null, "x" };
		int caught = 0, zero = 0;
		for (int i = 0; i < 20000; i++)
			try { zero += none[i % 100 == 0 ? 0 : 1].length(); } catch (NullPointerException e) { caught++; }
		System.out.println("null " + caught + " " + zero);
		try { deep(0); } catch (StackOverflowError e) { System.out.println("deep"); }
		try { System.out.println(1 / (zero - 19800)); } catch (ArithmeticException e) { System.out.println(e.getMessage()); }
		try { System.out.println(none[zero]); } catch (ArrayIndexOutOfBoundsException e) { System.out.println(e.getMessage()); }
	}

	static void numbers() throws Exception {
		System.out.println((int) 1e30 + " " + (long) Double.NaN + " " + (int) -1e30f + " " + Integer.MIN_VALUE / -1 + " " + -7 % 3 + " " + Math.fma(1e300, 1e300, -1));
		double s = 0;
		for (int i = 1; i < 100000; i++) s += Math.sin(i) * Math.sqrt(i) / Math.log(i + 1) + Math.pow(i, 0.3) + Math.rint(i / 3.0);
		System.out.println(Double.toHexString(s));
		float[] v = new float[10000];
		int[] w = new int[10000];
		for (int k = 0; k < 50; k++)
			for (int i = 0; i < v.length; i++) { v[i] = v[i] * 1.01f + i; w[i] += w[(i + 1) % 10000] * 3 + i >>> 1; }
		System.out.println(v[9999] + " " + Arrays.hashCode(v) + " " + Arrays.hashCode(w));
		MessageDigest d = MessageDigest.getInstance("SHA-256");
		for (int i = 0; i < 2000; i++) d.update(("x" + i).getBytes());
		System.out.println(HexFormat.of().formatHex(d.digest()));
		System.out.println(String.format("%.10f %s %08x", Math.E, new BigInteger("3").pow(300).mod(new BigInteger("1000000007")), 48879));
		BigInteger p = BigInteger.ONE.shiftLeft(521).subtract(BigInteger.ONE);
		System.out.println(BigInteger.TWO.modPow(p.shiftRight(1), p) + " " + Long.bitCount(0x123456789abcdefL) + Integer.reverse(77) + Long.numberOfLeadingZeros(99));
	}

	static void memory() {
		List<byte[]> l = new ArrayList<>();
		for (int i = 0; i < 3000; i++) { l.add(new byte[10000]); if (i % 3 == 0) l.set(i / 2, null); }
		System.gc();
		System.out.println(l.stream().filter(Objects::nonNull).count());
		System.out.println("stele".repeat(99).chars().mapToObj(c -> "" + (char) c).collect(Collectors.groupingBy(x -> x, () -> new TreeMap<String, Long>(), Collectors.counting())));
	}

	static void threads() throws Exception {
		ExecutorService e = Executors.newFixedThreadPool(4);
		ConcurrentHashMap<Integer, Integer> m = new ConcurrentHashMap<>();
		List<Future<?>> f = new ArrayList<>();
		for (int t = 0; t < 8; t++) f.add(e.submit(() -> { for (int i = 0; i < 20000; i++) m.merge(i % 97, 1, Integer::sum); }));
		for (Future<?> x : f) x.get();
		e.shutdown();
		System.out.println(m.values().stream().mapToInt(x -> x).sum());
		System.out.println(IntStream.range(0, 50000).parallel().mapToObj(i -> i % 2 == 0 ? new Circle(i) : new Square(i)).mapToDouble(x -> ((Shape) x).area()).boxed().sorted().limit(5).collect(Collectors.toList()));
		Object lock = new Object();
		int[] c = { 0 };
		Thread[] ts = new Thread[4];
		for (int i = 0; i < 4; i++) { ts[i] = new Thread(() -> { for (int k = 0; k < 20000; k++) synchronized (lock) { c[0]++; } }); ts[i].start(); }
		for (Thread t : ts) t.join();
		System.out.println(c[0]);
	}

	public static void main(String[] a) throws Exception {
		System.out.println(System.getProperty("os.arch") + " " + fib(27));
		faults();
		numbers();
		memory();
		threads();
		System.exit(a.length);
	}
}
EOF
LIMIT=900 twin_sh "javac" "$java/javac -g:none T.java && ls *.class | wc -l"
cp "$T"/{native,stele}/w/*.class "$IN" 2>/dev/null
[ -e "$IN/T.class" ] || finish
for how in -XX:+UseG1GC "-XX:+UseSerialGC -Xint" "-XX:+UseParallelGC -XX:TieredStopAtLevel=1" "-XX:+UseSerialGC -Xcomp -XX:-TieredCompilation"; do
	LIMIT=900 WELL= twin_sh "java $how" "$java/java $how -Xmx512m T x y"
done
finish
