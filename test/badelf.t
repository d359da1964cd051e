#!/usr/bin/perl
# ELF files broken in a hundred ways: stele refuses, dies or runs as the kernel does.
#
# A case is a small static program that exits with 42, and what is done to it. Its expected end is one of
#   42        it runs
#   NAME      execve fails with that errno: stele says why in one line that names the file, and exits as a shell
#             would (127 for ENOENT, 126 else)
#   SEGV BUS  it dies of that signal; if stele itself sends it, it says why in one line
# On an x86-64 machine the kernel is asked, too, and has to agree.
use strict;
use warnings;
no warnings 'portable';
use Errno;
use File::Temp qw(tempdir);
use FindBin;
use POSIX ();
use Test::More;

my $top = "$FindBin::Bin/..";
my $dir = tempdir(CLEANUP => 1);
my @stele = ("$top/build/host/execwatch", split ' ', $ENV{TRANSLATOR} // "$top/build/stele");
my $native = (POSIX::uname())[4] eq 'x86_64';

# --- a program, as a hash that pack_elf turns into bytes

my $code = "\xbf\x2a\x00\x00\x00" . "\xb8\xe7\x00\x00\x00" . "\x0f\x05";      # exit_group(42)
# The same, if the byte at rip + 2^20 can be read and is zero; else exit_group(1).
sub reads_at { my $d = shift; "\xbf\x01\x00\x00\x00" . "\x80\x3d" . pack('l<', $d - 12) . "\x00" . "\x75\x05" . $code . "\xb8\xe7\x00\x00\x00\x0f\x05" }

sub program {
	my %e = (
		ident => "\x7fELF\2\1\1" . "\0" x 9, type => 2, machine => 62, version => 1, entry => 0x401000, phoff => 64,
		shoff => 0, flags => 0, ehsize => 64, phentsize => 56, phnum => undef, shentsize => 64, shnum => 0, shstrndx => 0,
		ph => [ { type => 1, flags => 4, offset => 0, vaddr => 0x400000, filesz => 0x1000, memsz => 0x1000, align => 0x1000 },
			{ type => 1, flags => 5, offset => 0x1000, vaddr => 0x401000, filesz => 0x1000, memsz => 0x1000, align => 0x1000 },
			{ type => 1, flags => 6, offset => 0x2000, vaddr => 0x402000, filesz => 0x10, memsz => 0x2000, align => 0x1000 } ],
		code => $code, size => 0x2010, mode => 0755, data => [], cut => undef,
	);
	return \%e;
}

sub pack_elf {
	my $e = shift;
	my $ph = join '', map { pack 'L<L<Q<Q<Q<Q<Q<Q<', $_->{type}, $_->{flags}, $_->{offset}, $_->{vaddr}, $_->{paddr} // $_->{vaddr},
		$_->{filesz}, $_->{memsz}, $_->{align} } @{$e->{ph}};
	my $h = $e->{ident} . pack 'S<S<L<Q<Q<Q<L<S<S<S<S<S<S<', @$e{qw(type machine version entry phoff shoff flags ehsize phentsize)},
		$e->{phnum} // scalar @{$e->{ph}}, @$e{qw(shentsize shnum shstrndx)};
	my $b = $h . $ph;
	$b .= "\0" x (0x1000 - length $b) if length $b < 0x1000;
	substr($b, 0x1000) = '';
	$b .= $e->{code} . "\0" x (0x1000 - length $e->{code});
	$b .= "\0" x ($e->{size} - length $b) if $e->{size} > length $b;
	substr($b, $_->[0], length $_->[1]) = $_->[1] for @{$e->{data}};
	substr($b, $e->{cut}) = '' if defined $e->{cut} && $e->{cut} < length $b;
	return $b;
}

sub interp { my ($e, $name, $len) = @_; push @{$e->{data}}, [ 0x800, $name ];
	unshift @{$e->{ph}}, { type => 3, flags => 4, offset => 0x800, vaddr => 0x400800, filesz => $len // length $name, memsz => length $name, align => 1 } }
sub dyn { my $e = shift; $e->{type} = 3; $e->{entry} -= 0x400000; $_->{vaddr} -= 0x400000 for grep { $_->{type} == 1 } @{$e->{ph}} }

my @cases = (
	# as it should be
	[ 'a static program',                   42, sub {} ],
	[ 'position-independent',               42, \&dyn ],
	[ 'no section headers',                 42, sub { $_->{shoff} = 0xffffffffffff; $_->{shnum} = 999 } ],
	[ 'any OS ABI',                         42, sub { substr($_->{ident}, 7, 1) = "\x99" } ],
	[ 'any file version',                   42, sub { $_->{version} = 77; substr($_->{ident}, 6, 1) = "\x05" } ],
	[ 'any flags, any ehsize',              42, sub { $_->{flags} = 0xffffffff; $_->{ehsize} = 1 } ],
	[ 'program headers elsewhere',          42, sub { my $e = $_; my $p = pack_elf($e); push @{$e->{data}}, [ 0x300, substr $p, 64, 168 ]; $e->{phoff} = 0x300 } ],
	[ 'unaligned program headers',          42, sub { my $e = $_; my $p = pack_elf($e); push @{$e->{data}}, [ 0x303, substr $p, 64, 168 ]; $e->{phoff} = 0x303 } ],
	[ '70 program headers',                 42, sub { push @{$_->{ph}}, map +{ type => 0x12345, flags => 0, offset => 0, vaddr => 0, filesz => 0, memsz => 0, align => 0 }, 1..67 } ],
	[ '1170 program headers',               42, sub { $_->{size} = 70000; $_->{phnum} = 1170; } ],
	[ 'a class of 32 bits',                 42, sub { substr($_->{ident}, 4, 1) = "\1" } ],
	[ 'called big-endian',                  42, sub { substr($_->{ident}, 5, 1) = "\2" } ],
	[ 'a gap between segments',             42, sub { $_->{ph}[2]{vaddr} = 0x500000 } ],
	[ 'a large gap',                        42, sub { $_->{ph}[2]{vaddr} = 0x40000000 } ],
	[ 'large p_align',                      42, sub { $_->{ph}[1]{align} = 0x200000; } ],
	[ 'large p_align, PIE',                 42, sub { dyn($_); $_->{ph}[0]{align} = 0x200000; } ],
	[ 'p_align no power of two',            42, sub { $_->{ph}[1]{align} = 0x3001 } ],
	[ 'p_align zero',                       42, sub { $_->{align} = 0 for @{$_->{ph}} } ],
	[ 'p_paddr is of no interest',          42, sub { $_->{paddr} = 0xdeadbeef000 for @{$_->{ph}} } ],
	[ 'unknown segment types',              42, sub { push @{$_->{ph}}, { type => 0x6fffffff, flags => 7, offset => 1 << 60, vaddr => 1 << 60, filesz => 9, memsz => 1, align => 3 } } ],
	[ 'an executable stack',                42, sub { push @{$_->{ph}}, { type => 0x6474e551, flags => 7, offset => 0, vaddr => 0, filesz => 0, memsz => 0, align => 16 } } ],
	[ 'code read only, no X',               'SEGV', sub { $_->{ph}[1]{flags} = 4 } ],
	[ 'code execute only',                  42, sub { $_->{ph}[1]{flags} = 1 } ],
	[ 'code writable',                      42, sub { $_->{ph}[1]{flags} = 7 } ],
	[ 'a segment without permissions',      42, sub { $_->{ph}[0]{flags} = 0 } ],
	[ 'an empty segment',                   42, sub { push @{$_->{ph}}, { type => 1, flags => 4, offset => 0, vaddr => 0x500000, filesz => 0, memsz => 0, align => 0x1000 } } ],
	[ 'bss alone',                          42, sub { push @{$_->{ph}}, { type => 1, flags => 6, offset => 0, vaddr => 0x500000, filesz => 0, memsz => 0x3000, align => 0x1000 } } ],
	[ 'bss is zero',                        42, sub { $_->{code} = reads_at(0x1800) } ],
	[ 'the last page of data has zeros',    42, sub { $_->{size} = 0x3000; push @{$_->{data}}, [ 0x2010, "\xff" x 0x100 ]; $_->{code} = reads_at(0x1020) } ],
	[ 'code at the end of the file',        42, sub { $_->{cut} = 0x100c; pop @{$_->{ph}} } ],
	[ 'an unaligned segment address',       42, sub { $_->{ph}[2]{vaddr} = 0x402008; $_->{ph}[2]{offset} = 0x2008; $_->{ph}[2]{filesz} = 8 } ],
	[ 'entry in another segment',           'SEGV', sub { $_->{entry} = 0x402000 } ],
	[ 'entry nowhere',                      'SEGV', sub { $_->{entry} = 0x7000000 } ],
	[ 'entry at 0',                         'SEGV', sub { $_->{entry} = 0 } ],
	[ 'entry not canonical',                'SEGV', sub { $_->{entry} = 1 << 62 } ],
	[ 'entry above user space',             'SEGV', sub { $_->{entry} = 0xffffffff80000000 } ],
	[ 'segments in falling order',          42, sub { @{$_->{ph}} = @{$_->{ph}}[0, 2, 1] } ],
	[ 'overlapping segments, same bytes',   42, sub { push @{$_->{ph}}, { %{$_->{ph}[1]} } } ],
	[ 'data over code',                     'SEGV', sub { push @{$_->{ph}}, { %{$_->{ph}[2]}, vaddr => 0x401000, memsz => 0x1000 } } ],
	[ 'code twice',                         42, sub { push @{$_->{ph}}, { %{$_->{ph}[1]}, vaddr => 0x600000 } } ],
	[ 'data beyond the end of the file',    42, sub { $_->{cut} = 0x2008; $_->{ph}[2]{filesz} = 0x1000; $_->{ph}[2]{memsz} = 0x1000 } ],
	[ 'code beyond the end of the file',    'BUS', sub { $_->{cut} = 0x1000; pop @{$_->{ph}} } ],
	# no ELF file
	[ 'an empty file',                      'ENOEXEC', sub { $_->{cut} = 0 } ],
	[ 'one byte',                           'ENOEXEC', sub { $_->{cut} = 1 } ],
	[ 'the magic alone',                    'ENOEXEC', sub { $_->{cut} = 4 } ],
	[ 'half a header',                      'ENOEXEC', sub { $_->{cut} = 32 } ],
	[ 'a header less a byte',               'ENOEXEC', sub { $_->{cut} = 63 } ],
	[ 'a header alone',                     'ENOEXEC', sub { $_->{cut} = 64 } ],
	[ 'program headers cut',                'ENOEXEC', sub { $_->{cut} = 64 + 56 * 3 - 1 } ],
	[ 'a wrong magic',                      'ENOEXEC', sub { substr($_->{ident}, 3, 1) = 'G' } ],
	[ 'text',                               'ENOEXEC', sub { $_->{raw} = "hello world\n" } ],
	[ 'zeros',                              'ENOEXEC', sub { $_->{raw} = "\0" x 8192 } ],
	# a wrong one
	[ 'x32',                                'ENOEXEC', sub { substr($_->{ident}, 4, 1) = "\1"; $_->{phentsize} = 32 }, 'x32', 1 ],
	[ 'i386',                               'ENOEXEC', sub { substr($_->{ident}, 4, 1) = "\1"; $_->{machine} = 3; $_->{entry} = 0; $_->{phoff} = 0 }, 'i386', 1 ],
	[ 'RISC-V',                             'ENOEXEC', sub { $_->{machine} = 243 }, 'RISC-V' ],
	[ 'machine 0',                          'ENOEXEC', sub { $_->{machine} = 0 } ],
	[ 'big-endian',                         'ENOEXEC', sub { substr($_->{ident}, 5, 1) = "\2"; $_->{machine} = 62 << 8 }, undef, 1 ],
	[ 'a relocatable file',                 'ENOEXEC', sub { $_->{type} = 1 }, 'relocatable' ],
	[ 'a core file',                        'ENOEXEC', sub { $_->{type} = 4 }, 'core' ],
	[ 'type 0',                             'ENOEXEC', sub { $_->{type} = 0 } ],
	[ 'type 0xffff',                        'ENOEXEC', sub { $_->{type} = 0xffff } ],
	# program headers
	[ 'no program headers',                 'ENOEXEC', sub { $_->{phnum} = 0 } ],
	[ '1171 program headers',               'ENOEXEC', sub { $_->{size} = 70000; $_->{phnum} = 1171 } ],
	[ 'PN_XNUM',                            'ENOEXEC', sub { $_->{phnum} = 0xffff } ],
	[ 'short program headers',              'ENOEXEC', sub { $_->{phentsize} = 32 } ],
	[ 'long program headers',               'ENOEXEC', sub { $_->{phentsize} = 64 } ],
	[ 'phentsize 0',                        'ENOEXEC', sub { $_->{phentsize} = 0 } ],
	[ 'phoff beyond the file',              'ENOEXEC', sub { $_->{phoff} = 0x100000 } ],
	[ 'phoff negative',                     'ENOEXEC', sub { $_->{phoff} = -64 & ~0 } ],
	[ 'phoff the largest',                  'ENOEXEC', sub { $_->{phoff} = 0x7fffffffffffffff } ],
	# segments
	[ 'filesz > memsz',                     'SEGV', sub { $_->{ph}[2]{memsz} = 8 } ],
	[ 'memsz huge',                         'SEGV', sub { $_->{ph}[2]{memsz} = 1 << 62 } ],
	[ 'memsz all ones',                     'SEGV', sub { $_->{ph}[2]{memsz} = ~0 } ],
	[ 'filesz and memsz all ones',          'SEGV', sub { $_->{ph}[2]{memsz} = $_->{ph}[2]{filesz} = ~0 } ],
	[ 'vaddr + memsz beyond user space',    'SEGV', sub { $_->{ph}[2]{vaddr} = 0x7ffffffff000; } ],
	[ 'vaddr above user space',             'SEGV', sub { $_->{ph}[2]{vaddr} = 0xffff800000002000 } ],
	[ 'vaddr not canonical',                'SEGV', sub { $_->{ph}[2]{vaddr} = 0x800000002000 } ],
	[ 'vaddr and offset disagree',          'SEGV', sub { $_->{ph}[2]{vaddr} = 0x402100 } ],
	[ 'offset huge',                        'SEGV', sub { $_->{ph}[2]{offset} = 0x7ffffffffffff000 } ],
	[ 'offset negative',                    'SEGV', sub { $_->{ph}[2]{offset} = 0xfffffffffffff000 } ],
	[ 'bss in a page beyond the file',      'SEGV', sub { $_->{cut} = 0x1800; $_->{ph}[2]{filesz} = 0x10 } ],
	[ 'PIE of huge span',                   'SEGV', sub { dyn($_); $_->{ph}[2]{vaddr} = 0x7ffffff00000 } ],
	# the interpreter
	[ 'a missing interpreter',              'ENOENT', sub { interp($_, "/nonexistent/ld.so\0") }, '/nonexistent/ld.so' ],
	[ 'an interpreter that is a directory', 'EACCES', sub { interp($_, "/tmp\0") } ],
	[ 'an interpreter that is no program',  'EACCES', sub { interp($_, "/etc/passwd\0") } ],
	[ 'an interpreter that is a script',    'ELIBBAD', sub { my $i = "$dir/script"; open my $f, '>', $i; print $f "#!/bin/sh\n" . '#' x 100 . "\n"; close $f; chmod 0755, $i; interp($_, "$i\0") } ],
	[ 'a short interpreter',                'EIO', sub { my $i = "$dir/short"; open my $f, '>', $i; print $f "#!/bin/sh\n"; close $f; chmod 0755, $i; interp($_, "$i\0") } ],
	[ 'an interpreter for another machine', 'ELIBBAD', sub { my $i = "$dir/riscv"; my $e = program(); $e->{machine} = 243; open my $f, '>', $i; print $f pack_elf($e); close $f; chmod 0755, $i; interp($_, "$i\0") } ],
	[ 'an interpreter with no headers',     'ELIBBAD', sub { my $i = "$dir/nohead"; my $e = program(); $e->{phnum} = 0; open my $f, '>', $i; print $f pack_elf($e); close $f; chmod 0755, $i; interp($_, "$i\0") } ],
	[ 'an interpreter at a fixed address',  42, sub { my $i = "$dir/fixed"; my $e = program(); $_->{vaddr} += 0x1000000 for @{$e->{ph}}; $e->{entry} += 0x1000000; open my $f, '>', $i; print $f pack_elf($e); close $f; chmod 0755, $i; $_->{entry} = 0; interp($_, "$i\0") } ],
	[ 'a PIE as interpreter',               42, sub { my $i = "$dir/pie"; my $e = program(); dyn($e); open my $f, '>', $i; print $f pack_elf($e); close $f; chmod 0755, $i; $_->{entry} = 0; interp($_, "$i\0") } ],
	[ 'a name without its NUL',             'ENOEXEC', sub { interp($_, '/lib/ld.so') } ],
	[ 'an empty name',                      'EACCES', sub { interp($_, "\0", 2) } ],
	[ 'a name of length 0',                 'ENOEXEC', sub { interp($_, "x\0", 0) } ],
	[ 'a name of length 1',                 'ENOEXEC', sub { interp($_, "\0", 1) } ],
	[ 'a name too long',                    'ENOEXEC', sub { interp($_, "/x\0", 4097) } ],
	[ 'a name beyond the file',             'EIO', sub { interp($_, "/x\0"); $_->{ph}[0]{offset} = 0x100000 } ],
	[ 'a name at a negative offset',        'EINVAL', sub { interp($_, "/x\0"); $_->{ph}[0]{offset} = ~0 } ],
	[ 'a name at the end of the file',      42, sub { my $i = "$dir/pie2"; my $e = program(); dyn($e); open my $f, '>', $i; print $f pack_elf($e); close $f; chmod 0755, $i; $_->{entry} = 0; interp($_, "$i\0"); $_->{data} = [ [ 0x2010, "$i\0" ] ]; $_->{size} = 0x2010 + length("$i\0"); $_->{ph}[0]{offset} = 0x2010 } ],
	[ 'the first of two interpreters',      'ENOENT', sub { interp($_, "/lib64/ld-linux-x86-64.so.2\0"); interp($_, "/nonexistent/ld.so\0"); } ],
	# permissions, scripts
	[ 'not executable',                     'EACCES', sub { $_->{mode} = 0644 } ],
	[ 'a script of no interpreter',         'ENOEXEC', sub { $_->{raw} = "#!\n" } ],
	[ 'a script of blanks',                 'ENOEXEC', sub { $_->{raw} = '#!' . ' ' x 300 . "\n" } ],
	[ 'a script with a missing one',        'ENOENT', sub { $_->{raw} = "#!/nonexistent/sh\n" }, '/nonexistent/sh' ],
	[ 'a script of too long a name',        'ENOEXEC', sub { $_->{raw} = '#!/' . 'x' x 300 . "\n" } ],
	[ 'a script of itself',                 'ELOOP', sub { $_->{raw} = "#!$dir/case\n" } ],
	[ 'a script by a directory',            'EACCES', sub { $_->{raw} = "#!/tmp\n" } ],
	[ 'a script cut in its name',           'ENOEXEC', sub { $_->{raw} = '#!/' . 'y' x 254 } ],
	[ 'a script without a newline',         42, sub { my $e = program(); open my $f, '>', "$dir/prog"; print $f pack_elf($e); close $f; chmod 0755, "$dir/prog"; $_->{raw} = "#! $dir/prog" } ],
	[ 'a script with blanks and an argument', 42, sub { $_->{raw} = "#! \t $dir/prog \t arg  \t\n" } ],
	[ 'a script with a NUL',                42, sub { $_->{raw} = "#!$dir/prog\0junk\n" } ],
);

# --- running

# The errno's name, 42 or another status, or the signal's name.
sub natively {
	my $path = shift;
	pipe my $r, my $w or die;
	my $pid = fork;
	if (!$pid) {
		close $r;
		POSIX::close(2);
		# not exec, which gives a shell what the kernel refuses
		my $argv = pack 'pQ', $path, 0;
		my $envp = pack 'Q', 0;
		syscall 59, $path, $argv, $envp;
		syswrite $w, $! + 0;
		POSIX::_exit(0);
	}
	close $w;
	my $errno = <$r>;
	waitpid $pid, 0;
	return describe($?) unless $errno;
	for my $name (keys %!) { return $name if Errno->can($name) && Errno->$name == $errno && $name !~ /WOULDBLOCK|DEADLOCK/ }
	return "errno $errno";
}

sub describe {
	my $s = shift;
	my $sig = $s & 127 || ($s >> 8 > 128 && $s >> 8 < 160 ? ($s >> 8) - 128 : 0);
	return $sig == 11 ? 'SEGV' : $sig == 7 ? 'BUS' : $sig ? "signal $sig" : $s >> 8;
}

sub under_stele {
	my $path = shift;
	open my $err, '+>', "$dir/err" or die;
	my $pid = fork;
	if (!$pid) {
		open STDERR, '>&', $err;
		alarm 30;
		exec(@stele, $path) or POSIX::_exit(99);
	}
	waitpid $pid, 0;
	my $status = $?;
	seek $err, 0, 0;
	my @lines = grep !/^qemu: uncaught target signal/, <$err>;
	return (describe($status), @lines);
}

for (@cases) {
	my ($name, $want, $break, $says, $elsewhere) = @$_;
	my $e = program();
	$break->($e) for $e;
	my $path = "$dir/case";
	unlink $path;
	open my $f, '>', $path or die;
	print $f $e->{raw} // pack_elf($e);
	close $f;
	chmod $e->{mode}, $path;
	my ($got, @lines) = under_stele($path);
	my $fits = $want eq '42' ? $got eq '42' && !@lines :
		$want =~ /^(SEGV|BUS)$/ ? $got eq $want && @lines <= 1 :
		$got eq ($want eq 'ENOENT' ? 127 : 126) && @lines == 1;
	$fits &&= $lines[0] =~ /^stele: / && index($lines[0], '/') >= 0 if @lines;
	$fits &&= "@lines" =~ /\Q$says/ if defined $says;
	# what the kernel says of its own 32-bit programs is not asked for
	my $real = $native && !$elsewhere ? natively($path) : $want;
	ok($fits && $real eq $want, $name) or diag("expected $want, the kernel: $real, stele: $got\n@lines");
}
done_testing();
