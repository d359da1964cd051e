/* lock.c - a mutex on a futex: 0 free, 1 held, 2 held and somebody may wait.
 *
 * The owner never runs guest code, so waits are short; FUTEX_PRIVATE: no lock is shared between processes.
 */
#include "rt/host.h"
#include "rt/rt.h"
#include <linux/futex.h>

void rt_lock(struct lock *l)
{
	u32 seen = 0;

	if (likely(__atomic_compare_exchange_n(&l->word, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE))
		host_call(__NR_futex, &l->word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, 0);
}

void rt_unlock(struct lock *l)
{
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		host_call(__NR_futex, &l->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}
