"""What more than one service of the assessment bridge runs on."""
