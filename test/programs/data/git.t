#!/bin/bash
# git: init, add, commit, branches, merges, log, clone, gc, with hooks and packs. Every id is compared.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$IN/src/sub"
for i in $(seq 60); do seq $i 13 $((i * 40)) > "$IN/src/sub/f$i"; done
head -c 200000 < <(seq 1 3 1000000) > "$IN/src/big"
cat > "$IN/work.sh" <<'S'
set -e
git init -q -b main repo; cd repo
git config user.name "A U Thor"; git config user.email a@example.org; git config gc.auto 0
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
cp -r ../src/* .
printf '#!/bin/sh\necho "hook ran: $(git rev-parse --abbrev-ref HEAD)"\n' > .git/hooks/post-commit; chmod +x .git/hooks/post-commit
git add .; git commit -q -m first; git rev-parse HEAD
for i in 1 2 3 4 5; do sed -i "1s/.*/line $i/" sub/f$i; echo $i >> big; git commit -q -a -m "change $i"; done
git checkout -q -b side HEAD~3; echo side > sub/side; git add sub; git commit -q -m side; git mv sub/f9 sub/moved; git commit -q -m moved
git checkout -q main; git merge -q -m merged side; git log --oneline --graph --stat | head -40
git diff HEAD~2 --stat; git diff --word-diff HEAD~4 -- sub/f2; git blame -s sub/f1 | head -3; git show --raw HEAD~1
git tag -a -m 'a tag' v1; git describe --tags; git rev-list --count HEAD; git shortlog -s HEAD
echo conflict1 > c; git add c; git commit -q -m c1; git checkout -q -b other HEAD~1; echo conflict2 > c; git add c; git commit -q -m c2
git merge main || echo "conflict, status $?"; cat c; git status --short; git merge --abort; git rebase -q main || { git rebase --abort; echo rebase stopped; }
git checkout -q main; git stash list; echo dirty >> big; git stash -q; git stash pop -q; git checkout -q -- big
git grep -n 'line 3'; git ls-files -s | md5sum; git archive HEAD | tar -tf - | wc -l; git format-patch -q -2 -o ../patches HEAD~1; ls ../patches
git gc -q --aggressive --prune=now; git count-objects -v | grep -e in-pack -e count; git fsck --full
cd ..; git clone -q repo clone; git -C clone log -1 --format=%H%n%s; git clone -q --bare "file://$PWD/repo" bare.git; git -C bare.git rev-parse HEAD
git -C clone -c user.name=B -c user.email=b@b commit -q --allow-empty -m 'from the clone'; git -C clone push -q "$PWD/bare.git" main; git -C bare.git log --oneline | head -2
git -C clone bundle create -q ../b.bundle main; git bundle list-heads b.bundle
rm -rf repo/.git/index clone/.git/index b.bundle repo/.git/objects/pack clone/.git/objects bare.git/objects repo/.git/logs clone/.git/logs
S
# ORIG_HEAD and the like stay, packs and indexes hold times and inode numbers.
LIMIT=1500 ENV="GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat" twin_sh "git" 'bash work.sh; echo "status $?"; rm -rf repo/.git/*.lock'
twin_sh "git: errors" 'git log; echo $?; git clone /nowhere x; echo $?; git init -q -b m r; cd r; git checkout none; echo $?; git hash-object -w --stdin <<< hello; git cat-file -p ce013625030ba8dba906f756967f9e9ca394464a; git nosuch; echo $?'
finish
