/* assets.h - the pages' own files as texts in the program: runner/explain/NAME.EXT is
 * asset_NAME_EXT, ending with a NUL. assets.c is made of them by embed.awk when the program
 * is built, so that they stay files that an editor and a browser can work on.
 */
#ifndef EXPLAIN_ASSETS_H
#define EXPLAIN_ASSETS_H

extern const char asset_page_css[];         /* both pages: text, tables, colours */
extern const char asset_explain_css[];      /* the document alone */
extern const char asset_explain_html[];     /* its frame, with @marks@ to be filled in */
extern const char asset_interactive_css[];  /* the interactive page alone */
extern const char asset_interactive_html[]; /* its frame */
extern const char asset_net_js[];           /* what computes the net */
extern const char asset_draw_js[];          /* what draws it, and charts */
extern const char asset_interactive_js[];   /* what answers the reader */

#endif
