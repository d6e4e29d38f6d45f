package db

// diskOf knows nothing of disks on Windows.
func diskOf(string) (Disk, error) { return Disk{}, nil }
