# draw.awk - a chart as SVG, from the rows of a question; called by ./draw, which says what comes in:
#
#     @KEY<tab>VALUE                    settings, before the rows
#     PANEL<tab>SERIES<tab>X<tab>Y[<tab>ERROR]
#
# Panels stand side by side on the same scales. Settings: title; x, y (words at the axes); logx, logy (1: logarithmic);
# dashed (series without points, a broken line; several are separated by |); kind: lines (the default), points,
# bars (one bar a row, X is its name), map (cells at X, Y, coloured by the fifth column).
BEGIN {
    FS = "\t"
    split("#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #7f7f7f #000000 #8c564b #bcbd22 #17becf #9467bd #004488 #aa4466", colour, " ")
    wide = 300; high = 230; left = 62; top = 46; gap = 22; bottom = 46
    kind = "lines"
}
/^@/ { set[substr($1, 2)] = $2; if ($1 == "@kind") kind = $2; next }
NF < 4 || ($4 == "" && kind != "map") { next }
{
    if (!($1 in panel_of)) { panel_of[$1] = ++panels; panel_name[panels] = $1 }
    if (!($2 in series_of)) { series_of[$2] = ++series; series_name[series] = $2 }
    if (kind == "bars") {
        if (!($3 in place_of)) { place_of[$3] = ++places; place_name[places] = $3 }
        x = place_of[$3]
    } else if (set["logx"] && $3 <= 0)
        next
    else
        x = set["logx"] ? log($3) / log(10) : $3 + 0
    if (set["logy"] && $4 <= 0)
        next
    y = scaled($4)
    n++
    P[n] = panel_of[$1]; S[n] = series_of[$2]; X[n] = x; Y[n] = y; E[n] = NF > 4 ? $5 : ""; R[n] = $4 + 0
    reach(x, y)
    if (kind != "map" && E[n] != "") { reach(x, scaled($4 + $5)); if (!set["logy"] || $4 > $5) reach(x, scaled($4 - $5)) }
    if (kind == "map" && E[n] != "") {
        v = set["logv"] ? log(E[n]) / log(10) : E[n] + 0
        V[n] = v
        if (vmin == "" || v < vmin) vmin = v
        if (vmax == "" || v > vmax) vmax = v
    }
}
END {
    if (!n) { print "no rows to draw" >"/dev/stderr"; exit 1 }
    limits()
    legend = 0
    if (series > 1 || kind == "points")
        for (s = 1; s <= series; s++)
            if (length(series_name[s]) * 6.6 + 34 > legend) legend = length(series_name[s]) * 6.6 + 34
    if (kind == "bars" || kind == "map") legend = 0
    if (kind == "map") legend = 92
    W = left + panels * wide + (panels - 1) * gap + legend + 16
    H = top + high + bottom
    if (kind == "bars") { high = places * 20; left = 150; W = left + wide * 1.6 + 40; wide *= 1.6; H = top + high + bottom }
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", W, H, W, H
    printf "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", safe(set["title"])
    printf "<text x=\"%d\" y=\"18\" font-size=\"14\" font-weight=\"bold\">%s</text>\n", 12, safe(set["title"])
    for (p = 1; p <= panels; p++) {
        ox = left + (p - 1) * (wide + gap)
        if (panels > 1 || panel_name[p] != "")
            printf "<text x=\"%d\" y=\"38\" text-anchor=\"middle\">%s</text>\n", ox + wide / 2, safe(panel_name[p])
        if (kind == "bars") bars(); else { axes(p); if (kind == "map") cells(p); else lines(p) }
    }
    if (kind == "map") scale(); else if (legend) names()
    print "</svg>"
}
function scaled(v) { return set["logy"] ? (v > 0 ? log(v) / log(10) : -300) : v + 0 }
function reach(x, y) {
    if (xmin == "" || x < xmin) xmin = x
    if (xmax == "" || x > xmax) xmax = x
    if (ymin == "" || y < ymin) ymin = y
    if (ymax == "" || y > ymax) ymax = y
}
function limits() {
    if ("ymin" in set) ymin = scaled(set["ymin"])
    if ("ymax" in set) ymax = scaled(set["ymax"])
    if (kind == "map") {
        cw = (xmax - xmin) / (sqrt(n / panels) - 1); xmin -= cw / 2; xmax += cw / 2
        ch = (ymax - ymin) / (sqrt(n / panels) - 1); ymin -= ch / 2; ymax += ch / 2
        return
    }
    if (xmax == xmin) { xmax += 0.5; xmin -= 0.5 }
    if (ymax == ymin) { ymax += 0.5; ymin -= 0.5 }
    if (kind == "bars") { if (!set["logy"]) ymin = 0; else ymin -= (ymax - ymin) * 0.05; ymax += (ymax - ymin) * 0.03; return }
    if (!("ymin" in set)) ymin -= (ymax - ymin) * 0.04
    if (!("ymax" in set)) ymax += (ymax - ymin) * 0.04
    span = xmax - xmin; xmin -= span * 0.03; xmax += span * 0.03
}
function safe(t) { gsub(/&/, "\\&amp;", t); gsub(/</, "\\&lt;", t); gsub(/>/, "\\&gt;", t); return t }
function px(x) { return ox + (x - xmin) / (xmax - xmin) * wide }
function py(y) {
    y = y < ymin ? ymin : y > ymax ? ymax : y
    return top + high - (y - ymin) / (ymax - ymin) * high
}
# The steps between marks: of 1, 2 or 5 times a power of ten, about four in all.
function step_of(span,   raw, power) {
    raw = span / 4; power = 10 ^ floor(log(raw) / log(10))
    return raw / power < 1.5 ? power : raw / power < 3.5 ? 2 * power : raw / power < 7.5 ? 5 * power : 10 * power
}
function floor(v) { return v < int(v) ? int(v) - 1 : int(v) }
function mark(v, logarithmic) {
    if (!logarithmic) return sprintf("%.6g", v < 1e-12 && v > -1e-12 ? 0 : v)
    return v < -3 || v > 5 ? sprintf("1e%d", v) : sprintf("%.6g", 10 ^ v)
}
function axes(p,   v, d) {
    printf "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>\n", ox, top, wide, high
    d = set["logx"] ? (xmax - xmin > 6 ? 2 : 1) : step_of(xmax - xmin)
    if (set["logx"] && xmax - xmin < 1.2) d = 0.30103
    for (v = d * floor(xmin / d + 0.999999); v <= xmax; v += d) {
        printf "<path d=\"M%.1f %dv4\" stroke=\"#999\"/>", px(v), top + high
        printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#444\">%s</text>\n", px(v), top + high + 17, mark(v, set["logx"])
    }
    d = set["logy"] ? (ymax - ymin > 12 ? 4 : ymax - ymin > 6 ? 2 : 1) : step_of(ymax - ymin)
    if (set["logy"] && ymax - ymin < 1.2) d = 0.30103
    for (v = d * floor(ymin / d + 0.999999); v <= ymax; v += d) {
        if (kind != "map") printf "<path d=\"M%d %.1fh%d\" stroke=\"#e5e5e5\"/>", ox, py(v), wide
        if (p == 1) printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"#444\">%s</text>\n", ox - 5, py(v) + 4, mark(v, set["logy"])
    }
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#444\">%s</text>\n", ox + wide / 2, top + high + 36, safe(set["x"])
    if (p == 1) printf "<text transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\" fill=\"#444\">%s</text>\n", top + high / 2, safe(set["y"])
}
function lines(p,   s, i, path, dots, error, broken, few) {
    for (s = 1; s <= series; s++) {
        path = dots = error = ""; few = 0
        broken = index("|" set["dashed"] "|", "|" series_name[s] "|")
        for (i = 1; i <= n; i++) if (P[i] == p && S[i] == s) few++
        for (i = 1; i <= n; i++) {
            if (P[i] != p || S[i] != s) continue
            path = path (path == "" ? "M" : "L") sprintf("%.1f %.1f", px(X[i]), py(Y[i]))
            if (few <= 40 || kind == "points") dots = dots sprintf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"/>", px(X[i]), py(Y[i]), "2.6")
            if (E[i] != "") error = error sprintf("M%.1f %.1fV%.1f", px(X[i]), py(scaled(R[i] - E[i])), py(scaled(R[i] + E[i])))
        }
        if (path == "") continue
        if (kind != "points") printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s/>\n", path, tone(s), broken ? "1.2" : "1.7", broken ? " stroke-dasharray=\"5 4\"" : ""
        if (error != "") printf "<path d=\"%s\" stroke=\"%s\"/>\n", error, tone(s)
        if (!broken) printf "<g fill=\"%s\">%s</g>\n", tone(s), dots
    }
}
function tone(s) { return colour[(s - 1) % 14 + 1] }
function names(   s, x, y) {
    x = left + panels * wide + (panels - 1) * gap + 10
    for (s = 1; s <= series; s++) {
        y = top + 8 + (s - 1) * 17
        printf "<path d=\"M%d %dh14\" stroke=\"%s\" stroke-width=\"2.5\"%s/>", x, y, tone(s), index("|" set["dashed"] "|", "|" series_name[s] "|") ? " stroke-dasharray=\"5 4\"" : ""
        printf "<text x=\"%d\" y=\"%d\">%s</text>\n", x + 19, y + 4, safe(series_name[s])
    }
}
function bars(   i, y, v, d) {
    d = set["logy"] ? 1 : step_of(ymax - ymin)
    if (set["logy"] && ymax - ymin < 1.2) d = 0.30103
    for (v = d * floor(ymin / d + 0.999999); v <= ymax; v += d) {
        printf "<path d=\"M%.1f %dv%d\" stroke=\"#e5e5e5\"/>", ox + (v - ymin) / (ymax - ymin) * wide, top, high
        printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#444\">%s</text>\n", ox + (v - ymin) / (ymax - ymin) * wide, top + high + 17, mark(v, set["logy"])
    }
    for (i = 1; i <= n; i++) {
        y = top + (X[i] - 1) * 20
        printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", ox - 6, y + 14, safe(place_name[X[i]])
        printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>", ox, y + 3, (Y[i] - ymin) / (ymax - ymin) * wide, tone(S[i])
        if (E[i] != "" && (!set["logy"] || R[i] > E[i]))
            printf "<path d=\"M%.1f %dH%.1f\" stroke=\"#000\"/>", ox + (scaled(R[i] - E[i]) - ymin) / (ymax - ymin) * wide, y + 10, ox + (scaled(R[i] + E[i]) - ymin) / (ymax - ymin) * wide
        print ""
    }
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#444\">%s</text>\n", ox + wide / 2, top + high + 36, safe(set["y"])
}
# From dark blue (low) over green to pale yellow (high).
function shade(t) {
    t = t < 0 ? 0 : t > 1 ? 1 : t
    if (t < 0.5) return sprintf("#%02x%02x%02x", 48 - 30 * t, 18 + 250 * t, 99 + 80 * t)
    return sprintf("#%02x%02x%02x", 33 + 440 * (t - 0.5), 143 + 190 * (t - 0.5), 139 - 200 * (t - 0.5))
}
function cells(p,   i, w, h) {
    w = cw / (xmax - xmin) * wide; h = ch / (ymax - ymin) * high
    for (i = 1; i <= n; i++)
        if (P[i] == p)
            printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", px(X[i] - cw / 2), py(Y[i] + ch / 2), w + 0.4, h + 0.4, E[i] == "" ? "#ccc" : shade((V[i] - vmin) / (vmax - vmin))
}
function scale(   i, x) {
    x = left + panels * wide + (panels - 1) * gap + 14
    for (i = 0; i < 40; i++)
        printf "<rect x=\"%d\" y=\"%.1f\" width=\"14\" height=\"%.1f\" fill=\"%s\"/>", x, top + high * (1 - (i + 1) / 40), high / 40 + 0.4, shade((i + 0.5) / 40)
    printf "<text x=\"%d\" y=\"%d\">%s</text>", x + 19, top + high, sprintf("%.3g", set["logv"] ? 10 ^ vmin : vmin)
    printf "<text x=\"%d\" y=\"%d\">%s</text>", x + 19, top + 10, sprintf("%.3g", set["logv"] ? 10 ^ vmax : vmax)
    printf "<text x=\"%d\" y=\"%d\">%s</text>\n", x, top - 8, safe(set["v"])
}
