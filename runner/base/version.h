/* version.h - the program's version, as configure.ac has it: of `fell --version`, the man page, fell.pc
 * and every recorded run. version.c is the one file that is made anew when it changes.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

extern const char program_version[];

#endif
