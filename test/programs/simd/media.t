#!/bin/bash
# ffmpeg, x264, x265, libvpx and their kin: the same stream, frame by frame. Both sides take AVX2 code.
. "$(dirname "$0")/../simd.sh"
ff="ffmpeg -hide_banner -nostdin -loglevel error -cpuflags mmx+mmxext+sse+sse2+sse3+ssse3+sse4.1+sse4.2+avx+avx2+fma3+bmi1+bmi2+aesni -fflags +bitexact -flags +bitexact"
asm=MMX2,SSE2Fast,SSSE3,SSE4.2,AVX,FMA3,BMI2,AVX2
video="testsrc2=s=192x144:r=25:d=0.6"
LIMIT=900 FILTER="sed 's/, [0-9.]* fps//'" twin_sh "x264" "$ff -f lavfi -i $video,noise=alls=20:all_seed=5:allf=t -pix_fmt yuv420p -f rawvideo v.yuv
for o in '--preset medium --crf 20' '--preset slow --bitrate 200 --threads 3' '--preset superfast --qp 0'; do x264 --quiet --no-progress --asm $asm --input-res 192x144 --fps 25 \$o -o o.264 v.yuv 2>&1 && sha256sum < o.264 && $ff -i o.264 -f framemd5 - || exit; done; rm -f v.yuv o.264"
LIMIT=900 twin_sh "x265, vp9, mpeg4, mjpeg, ffv1, huffyuv" "$ff -f lavfi -i $video -pix_fmt yuv420p v.y4m
for c in 'libx265 -preset fast -x265-params asm=avx2:pools=none:frame-threads=1:log-level=error:info=0' 'libvpx-vp9 -cpu-used 4 -threads 1 -b:v 300k' 'mpeg4 -q:v 3' mjpeg ffv1 huffyuv; do
$ff -i v.y4m -c:v \$c -threads 1 -y o.mkv && $ff -i o.mkv -f framemd5 - | tail -4; done; rm -f v.y4m o.mkv"
LIMIT=900 twin_sh "filters" "for f in scale=320:200:flags=bicubic scale=99:77:flags=lanczos+accurate_rnd format=rgb24,scale=160:120 hqdn3d unsharp gblur=2 yadif bwdif eq=contrast=1.5 colorspace=bt709:iall=bt601-6-625 transpose overlay_ blend_ psnr_ edgedetect deband removegrain=5; do
case \$f in *_) g=\"split[a][b];[b]hflip[c];[a][c]\${f%_}\" ;; *) g=\$f ;; esac; echo \$f; $ff -f lavfi -i $video -filter_complex \"\$g\" -frames:v 4 -f framemd5 - | tail -4; done"
# RCPPS and RSQRTPS are estimates, each maker's own: libopus has XORPS in their place, and searches longer.
LC_ALL=C sed 's/\x0f[\x52\x53]\xc0/\x0f\x57\xc0/g' "$root/usr/lib/x86_64-linux-gnu/libopus.so.0" > "$IN/libopus.so.0"
ENV=${ENV/=/=$home:}
LIMIT=900 twin_sh "sound" "$ff -f lavfi -i 'sine=f=440:d=1:r=44100,volume=0.5' -f lavfi -i anoisesrc=d=1:c=pink:seed=4:r=44100 -filter_complex '[0][1]amerge=inputs=2' a.wav
for c in aac ac3 'libmp3lame -b:a 128k' 'libopus -b:a 64k' libvorbis flac alac pcm_f32le; do $ff -i a.wav -c:a \$c -threads 1 -y o.mka && echo \$c && $ff -i o.mka -f md5 - ; done
for f in aresample=8000 aresample=96000:filter_size=64 loudnorm lowpass=f=1000 afftdn atempo=1.3 dynaudnorm; do echo \$f; $ff -i a.wav -af \$f -f md5 -; done; rm -f a.wav o.mka"
finish
