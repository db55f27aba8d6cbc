#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "collectors/preflight/checks/confine.h"

/* Elsewhere calls have other numbers, or clone() has its flags at another place. */
#if defined(__x86_64__)
static const uint32_t machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
static const uint32_t machine = AUDIT_ARCH_AARCH64;
#elif defined(__i386__)
static const uint32_t machine = AUDIT_ARCH_I386;
#elif defined(__arm__) && !defined(__ARMEB__)
static const uint32_t machine = AUDIT_ARCH_ARM;
#elif defined(__riscv) && __riscv_xlen == 64
static const uint32_t machine = AUDIT_ARCH_RISCV64;
#else
static const uint32_t machine = 0;
#endif

/* Newer machines have clone() alone. */
#ifdef __NR_fork
enum { CALL_FORK = __NR_fork, CALL_VFORK = __NR_vfork };
#else
enum { CALL_FORK = __NR_clone3, CALL_VFORK = __NR_clone3 };
#endif

/* Numbers from here on are those of another ABI (x32). */
enum { CALLS_END = 0x40000000 };

enum { REFUSED = SECCOMP_RET_ERRNO | EPERM, UNKNOWN = SECCOMP_RET_ERRNO | ENOSYS };

int
confine(void)
{
	/* A jump's last two numbers: how many steps it skips when it is so, and when not. */
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		/* Its flags are in memory, where nobody can look: the C library takes clone() instead. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_END, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL_FORK, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL_VFORK, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 3, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, REFUSED),
		BPF_STMT(BPF_RET | BPF_K, UNKNOWN),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, REFUSED),
	};
	struct sock_fprog program = { .len = sizeof(steps) / sizeof(*steps), .filter = steps };

	if (machine == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : -1;
}
