#!/usr/bin/env bash
# Builds the ffmpeg and ffprobe that a release of Stillwave brings: LGPL, static, without network, with only what Stillwave
# reads and writes. Run it on the platform it is for, with a C compiler, make, nasm, pkg-config and curl:
#
#   build/ffmpeg/build.sh FFMPEG_VERSION FFMPEG_SHA256 [FOLDER_WITH_ARCHIVES]
#
# The version and its SHA-256 are arguments because the one that is current when a release is made cannot be known here: take
# 8.1 or newer (RELIABILITY S39), check the publisher's signature, then give the hash of what was signed. The libraries are
# pinned below. Archives that lie in the folder are not downloaded. The result is build/ffmpeg/PLATFORM-ARCH, which
# `npm run pack` takes along and whose hashes the app checks at its start.
set -euo pipefail

if [ $# -lt 2 ]; then
  sed -n '2,10p' "$0" | sed 's/^# \{0,1\}//' >&2
  exit 2
fi
version=$1
sha256=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${3:-$here/archives}"
archives=$(cd "${3:-$here/archives}" && pwd)

if ! [[ $version =~ ^[0-9]+(\.[0-9]+)+$ ]] || ! [[ $sha256 =~ ^[0-9a-f]{64}$ ]]; then
  echo "A version (8.1) and a SHA-256 in lower case are needed, not: $version $sha256" >&2
  exit 2
fi
if [ "$(printf '%s\n' 8.1 "$version" | sort -V | head -n 1)" != 8.1 ]; then
  echo "ffmpeg $version is older than 8.1." >&2
  exit 2
fi

case "$(uname -s)" in
  Linux) platform=linux ;;
  Darwin) platform=darwin ;;
  MINGW* | MSYS*) platform=win32 ;;
  *) echo "Not a platform of Stillwave: $(uname -s)" >&2; exit 2 ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "Not a processor of Stillwave: $(uname -m)" >&2; exit 2 ;;
esac
target="$here/$platform-$arch"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix="$work/prefix"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

hash_of() {
  if command -v sha256sum > /dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# unpack NAME URL SHA256: refuses an archive that is another.
unpack() {
  local file="$archives/${2##*/}"
  [ -f "$file" ] || curl --fail --location --proto '=https' --output "$file" "$2"
  local found
  found=$(hash_of "$file")
  if [ "$found" != "$3" ]; then
    echo "$file is not what was pinned: SHA-256 $found, wanted $3" >&2
    exit 1
  fi
  mkdir -p "$work/$1"
  tar -xf "$file" -C "$work/$1" --strip-components 1
}

# library NAME [options]: a static library into the prefix.
library() {
  local name=$1
  shift
  (cd "$work/$name" && ./configure --prefix="$prefix" --disable-shared --enable-static --with-pic "$@" && make -j "$jobs" && make install)
}

# The licence texts are the publishers' own, out of the archives.
licence() {
  cp "$work/$1/$2" "$target.new/LICENSE-$1.txt"
}

unpack lame https://downloads.sourceforge.net/project/lame/lame/3.100/lame-3.100.tar.gz ddfe36cab873794038ae2c1210557ad34857a4b6bdc515785d1da9e175b1da1e
unpack ogg https://downloads.xiph.org/releases/ogg/libogg-1.3.5.tar.gz 0eb4b4b9420a0f51db142ba3f9c64b333f826532dc0f48c6410ae51f4799b664
unpack vorbis https://downloads.xiph.org/releases/vorbis/libvorbis-1.3.7.tar.gz 0e982409a9c3fc82ee06e08205b1355e5c6aa4c36bca58146ef399621b0ce5ab
unpack opus https://downloads.xiph.org/releases/opus/opus-1.5.2.tar.gz 65c1d2f78b9f2fb20082c38cbe47c951ad5839345876e46941612ee87f9a7ce1
unpack ffmpeg "https://ffmpeg.org/releases/ffmpeg-$version.tar.xz" "$sha256"

export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
library ogg
library vorbis --with-ogg="$prefix" --disable-examples --disable-docs
library opus --disable-doc --disable-extra-programs
library lame --disable-frontend --disable-decoder --enable-nasm=no

# What src/audio/io/ffmpeg/ffmpegCommand.ts lets in.
demuxers=aa,aac,ac3,act,adx,aiff,amr,amrnb,amrwb,ape,asf,asf_o,au,avi,boa,caf,codec2,dsf,iff,dts,dtshd,eac3,flac,flv,gsm
demuxers+=,matroska,mlp,mmf,mov,mp3,mpc,mpc8,mpegps,mpegts,nistsphere,ogg,oma,qcp,rm,shorten,sox,tak,truehd,tta,voc,w64,wav,wsd,wv,xwma
demuxers+=,ffmetadata
decoders=aac,aac_latm,ac3,adpcm_*,alac,amrnb,amrwb,ape,atrac*,cook,dca,dsd_*,eac3,flac,gsm,gsm_ms,ilbc,mlp,mp1*,mp2*,mp3*,mpc7,mpc8
decoders+=,opus,pcm_*,qcelp,ra_144,ra_288,ralf,shorten,speex,tak,truehd,tta,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice
encoders=aac,ac3,alac,eac3,flac,mp2,pcm_*,wmav2,libmp3lame,libopus,libvorbis
muxers=asf,avi,caf,ffmetadata,flac,flv,framecrc,image2pipe,ipod,matroska,mov,mp3,mp4,mpegts,null,ogg,opus,pcm_*,tgp,tg2,wav,webm
# Pictures are copied; parsers tell their frames apart, decoders are not needed.
parsers=aac,aac_latm,ac3,adx,amr,av1,cook,dca,flac,gsm,h264,hevc,mjpeg,mlp,mpeg4video,mpegaudio,mpegvideo,opus,png,tak,vc1,vorbis,vp8,vp9
filters=aformat,anull,apad,aresample,atrim,concat,volume
bsfs=aac_adtstoasc,extract_extradata,h264_mp4toannexb,hevc_mp4toannexb,mpeg4_unpack_bframes,vp9_superframe,vp9_superframe_split

options=(
  --prefix="$prefix" --pkg-config-flags=--static --extra-cflags="-I$prefix/include" --extra-ldflags="-L$prefix/lib"
  --disable-everything --disable-autodetect --disable-network --disable-doc --disable-debug --disable-devices --disable-shared --enable-static
  --disable-ffplay --enable-ffmpeg --enable-ffprobe
  --enable-protocol=file,pipe --enable-demuxer="$demuxers" --enable-decoder="$decoders" --enable-encoder="$encoders"
  --enable-muxer="$muxers" --enable-parser="$parsers" --enable-filter="$filters" --enable-bsf="$bsfs"
  --enable-libmp3lame --enable-libopus --enable-libvorbis
)
(cd "$work/ffmpeg" && ./configure "${options[@]}" 2>&1 | tee "$work/configure.log")
if grep -q 'did not match anything' "$work/configure.log"; then
  echo "ffmpeg $version does not know one of the parts above." >&2
  exit 1
fi
if ! grep -q '^License: LGPL' "$work/configure.log"; then
  echo "This would not be an LGPL build." >&2
  exit 1
fi
make -C "$work/ffmpeg" -j "$jobs"

rm -rf "$target.new"
mkdir -p "$target.new"
exe=$([ "$platform" = win32 ] && echo .exe || true)
for program in ffmpeg ffprobe; do
  cp "$work/ffmpeg/$program$exe" "$target.new/"
  strip "$target.new/$program$exe"
done
licence ffmpeg COPYING.LGPLv2.1
licence lame COPYING
licence ogg COPYING
licence vorbis COPYING
licence opus COPYING
sed -e "s/@VERSION@/$version/g" -e "s/@SHA256@/$sha256/g" "$here/NOTICE.in" > "$target.new/NOTICE.txt"
printf '    ./configure' >> "$target.new/NOTICE.txt"
printf " '%s'" "${options[@]//$work/WORK}" >> "$target.new/NOTICE.txt"
printf '\n' >> "$target.new/NOTICE.txt"

# What it is must be what it says: the version, no network, the encoders that Stillwave offers.
"$target.new/ffmpeg$exe" -hide_banner -version | grep -q "^ffmpeg version $version"
if "$target.new/ffmpeg$exe" -hide_banner -protocols | grep -qE '^ +(http|tcp|udp)$'; then
  echo "It can reach the network." >&2
  exit 1
fi
for encoder in flac alac aac libmp3lame libvorbis libopus; do
  if ! "$target.new/ffmpeg$exe" -hide_banner -encoders | grep -qE "^ A\S+ $encoder "; then
    echo "It lacks $encoder." >&2
    exit 1
  fi
done
rm -rf "$target"
mv "$target.new" "$target"
echo "Made $target"
