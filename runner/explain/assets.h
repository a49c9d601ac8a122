/* assets.h - the pages' own files as texts in the program: runner/explain/NAME.EXT is
 * asset_NAME_EXT, ending with a NUL. assets.c is made of them by embed.awk when the program
 * is built, so that they stay files that an editor and a browser can work on.
 */
#ifndef EXPLAIN_ASSETS_H
#define EXPLAIN_ASSETS_H

extern const char asset_page_css[];         /* all pages: text, tables, colours */
extern const char asset_explain_css[];      /* the document alone */
extern const char asset_explain_html[];     /* its frame, with @marks@ to be filled in */
extern const char asset_interactive_css[];  /* the interactive page alone */
extern const char asset_interactive_html[]; /* its frame */
extern const char asset_net_js[];           /* what computes the net */
extern const char asset_draw_js[];          /* what draws it, and charts */
extern const char asset_interactive_js[];   /* what answers the reader */
extern const char asset_report_css[];       /* the page of `fell report` alone */
extern const char asset_report_html[];      /* its frame */
extern const char asset_pen_js[];           /* what it draws with, on the screen and into SVG */
extern const char asset_picture_js[];       /* a picture with what stands around it; tables */
extern const char asset_curves_js[];        /* the curves */
extern const char asset_follow_js[];        /* a page that is written anew */
extern const char asset_fields_js[];        /* numbers by place and epoch */
extern const char asset_report_js[];        /* the other parts, and what ties them together */

#endif
