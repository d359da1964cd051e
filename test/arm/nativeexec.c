/* nativeexec - a "translator" that translates nothing: it executes its program on the machine. execwatch.t has it
 * caught. With "again N" it executes itself N times first, which is allowed. "die N" dies of signal N, "leave N" leaves a
 * process behind. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int skip = 1;

	if (argc > 2 && !strcmp(argv[1], "die"))
		kill(getpid(), atoi(argv[2]));
	if (argc > 2 && !strcmp(argv[1], "leave")) {
		if (fork() == 0)
			sleep(1000);
		return atoi(argv[2]);
	}

	if (argc > 2 && !strcmp(argv[1], "again")) {
		int n = atoi(argv[2]);

		if (n > 0) {
			snprintf(argv[2], strlen(argv[2]) + 1, "%d", n - 1);
			execv(argv[0], argv);
			return 126;
		}
		skip = 3;
	}
	if (!argv[skip])
		return 7;
	execv(argv[skip], argv + skip);
	perror(argv[skip]);
	return 127;
}
