/** Writes test results as JSON Lines or YAML documents, and stores the files of the tests. */
@NullMarked
package org.atex.jsonl;

import org.jspecify.annotations.NullMarked;
