/* machine.h - where this process runs, and for whom.
 */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

char *machine_host(void); /* uname(2)'s nodename; free() it */
char *machine_user(void); /* the login name, or the number of a user who has none; free() it */

#endif
