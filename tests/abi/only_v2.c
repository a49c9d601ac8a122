/* only_v2.c - a plugin of the next major version. */
__attribute__((visibility("default"))) const int fell_plugin_v2 = 1;
