package io.winnow.events.importing;

import java.util.List;

/**
 * A column, found.
 *
 * @param name as the application file writes it
 * @param index place among the fields of delimited text, from 0
 * @param path names from the root of a JSON object; empty for delimited text
 */
record ColumnRef(String name, int index, List<String> path) {}
